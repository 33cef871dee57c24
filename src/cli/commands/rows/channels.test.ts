import { expect, onTestFinished, test } from 'vitest';
import { runCli } from '../../run.ts';
import { createFake, fakeNow } from '../../testing/fake-deps.ts';
import { startFakeGateway } from '../../testing/fake-gateway.ts';

const up = { name: 'web', state: 'up', why: '', since: fakeNow, lastEventAt: null, changes: 1 };
const down = { ...up, name: 'slack', state: 'down', why: 'refused', changes: 2 };
const findings = [
  { area: 'slack', level: 'fail', what: 'the token was revoked', fix: 'Make a new one.' },
  { area: 'slack', level: 'ok', what: 'the network is fine', fix: null },
];

async function channels(line: string, reports: readonly object[] = [up, down]) {
  const asked: unknown[] = [];
  const gateway = await startFakeGateway({
    onMessage: () => undefined,
    version: '0.1.0',
    control: (name, input) => {
      if (name === 'channels.list') return reports;
      asked.push([name, input]);
      return findings;
    },
  });
  onTestFinished(() => gateway.close());
  const fake = createFake({ home: { gateway: () => Promise.resolve({ url: gateway.url, pid: 1 }) } });
  const code = await runCli(line.split(' '), fake.deps);
  return { code, out: fake.out(), asked };
}

test('of a channel that is down, doctor’s cure stands below the table; nothing else is asked', async () => {
  const { code, out, asked } = await channels('channels');
  expect(code).toBe(0);
  expect(out).toContain('slack\tdown\t0 s ago\tnone since the start\trefused\n');
  expect(out).toContain('slack: the token was revoked\n    Make a new one.\n');
  expect(out).not.toContain('network is fine');
  expect(asked).toEqual([['doctor', { offline: false, area: 'slack' }]]);
});

test('programs find the cure beside the channel', async () => {
  const { out } = await channels('channels list --json');
  const lastEvent = 'none since the start';
  expect(JSON.parse(out)).toEqual([
    { ...up, lastEvent },
    { ...down, lastEvent, findings: [findings[0]] },
  ]);
});

test('linked is not receiving: a linked phone from which nothing came is named; one that writes is not', async () => {
  const linked = { ...up, name: 'whatsapp', why: 'connected', linkable: true };
  const hour = 3_600_000;
  const said = 'whatsapp: linked is not receiving';
  const of = async (change: object): Promise<string> =>
    (await channels('channels', [{ ...linked, ...change }])).out;
  expect(await of({})).toContain(said);
  expect(await of({ lastEventAt: fakeNow - 25 * hour })).toContain(said);
  const fresh = await of({ lastEventAt: fakeNow - 2 * hour });
  expect(fresh).toContain('\t2 h ago\t');
  expect(fresh).not.toContain(said);
  expect(await of({ state: 'down' })).not.toContain(said);
  expect(await of({ linkable: undefined })).not.toContain(said);
});

test('without a gateway all are down, which is no news', async () => {
  const fake = createFake({ answers: { 'channels.list': [down] } });
  expect(await runCli(['channels'], fake.deps)).toBe(0);
  expect(fake.asked.map(({ name }) => name)).toEqual(['channels.list']);
  expect(fake.out()).toContain('No gateway runs here; start it with: tiro start');
});

test('add refuses a channel that does not exist, an address that is none, a broken configuration', async () => {
  const problems = [{ path: 'budget.perTurnUsd', message: 'must be a number', fix: 'Change it.' }];
  const home = { check: () => Promise.resolve({ ok: false as const, problems }) };
  const fails = async (line: string, options = {}) => {
    const fake = createFake(options);
    return [await runCli(line.split(' '), fake.deps), fake.err()];
  };
  expect(await fails('channels add matrix')).toEqual([
    65,
    expect.stringContaining('telegram, discord, slack, whatsapp, email, webhook'),
  ]);
  expect(await fails('channels add telegram --api-root ftp://x --stdin')).toEqual([
    65,
    expect.stringContaining('--api-root'),
  ]);
  expect(await fails('channels add telegram --stdin', { home })).toEqual([
    78,
    expect.stringContaining('budget.perTurnUsd'),
  ]);
  expect(await fails('channels add telegram --json')).toEqual([65, expect.stringContaining('--from-env')]);
});
