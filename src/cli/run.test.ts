import { expect, test, vi } from 'vitest';
import { TiroError } from '#core/errors.ts';
import type { CliHome } from './deps.ts';
import { runCli } from './run.ts';
import { createFake, fakeNow, type FakeOptions, fakeControl } from './testing/fake-deps.ts';
import { startFakeGateway } from './testing/fake-gateway.ts';

async function run(line: string, options: FakeOptions = {}) {
  const fake = createFake(options);
  const code = await runCli(line.split(' ').filter(Boolean), fake.deps);
  return { ...fake, code, stdout: fake.out(), stderr: fake.err() };
}

const nouns =
  'start chat send status doctor init config channels approvals conversations turns outbox spend people'.split(
    ' ',
  );

test('without arguments: help with every command, exit code 0', async () => {
  const { code, stdout } = await run('');
  expect(code).toBe(0);
  for (const noun of nouns) expect(stdout).toMatch(new RegExp(`^  ${noun} `, 'm'));
});

test.each(nouns)('%s --help shows examples', async (noun) => {
  const { code, stdout } = await run(`${noun} --help`);
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: tiro ${noun}`);
  expect(stdout).toMatch(new RegExp(`Examples:\n  tiro ${noun}`));
});

test('--version, and help as a word', async () => {
  expect(await run('--version')).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  expect((await run('help turns')).stdout).toContain('tiro turns why');
});

test.each([
  ['frobnicate', 'unknown command'],
  ['turnz', 'Did you mean turns?'],
  ['turns --wat', 'unknown option'],
  ['turns show', "missing required argument 'id'"],
  ['turns --status odd', 'It must be one of: running, parked'],
  ['turns list extra', 'too many arguments'],
  ['spend --days 0', 'It must be a whole number from 1'],
  ['start --port 99999', 'It must be a port'],
  ['people pair A B', 'too many arguments'],
])('usage error: %s', async (line, expected) => {
  const { code, stderr, stdout } = await run(line);
  expect([code, stdout]).toEqual([64, '']);
  expect(stderr).toContain(expected);
});

test('with --json an error is one line of JSON on standard error', async () => {
  const { code, stderr, stdout } = await run('turns --json --wat');
  expect([code, stdout]).toEqual([64, '']);
  expect(JSON.parse(stderr)).toEqual({ error: { code: 'usage', message: "unknown option '--wat'" } });
});

test.each([
  ['not-found', 65],
  ['bad-input', 65],
  ['denied', 77],
  ['home-locked', 69],
  ['over-budget', 66],
] as const)('%s exits with %i and says why', async (code, exit) => {
  const error = new TiroError(code, 'id: there is no such turn.');
  const failed = await run('turns show trn_1', { answers: { 'turns.show': error } });
  expect(failed).toMatchObject({ code: exit, stderr: 'tiro: id: there is no such turn.\n' });
});

test('a defect exits with 1 and its trace', async () => {
  const { code, stderr } = await run('turns', { answers: { 'turns.list': new RangeError('boom') } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/RangeError: boom\n\s+at /);
});

const turn = {
  id: 'trn_1',
  status: 'failed',
  startedAt: fakeNow - 120_000,
  endedAt: fakeNow - 118_500,
  chat: 'telegram:7',
  reason: 'no credit\nat all \u001b[31m',
};

test('turns: the table, its filters, the verbs', async () => {
  const listed = await run('turns --status failed --limit 5', { answers: { 'turns.list': [turn] } });
  expect(listed.asked).toEqual([
    { name: 'turns.list', input: { status: 'failed', conversation: null, limit: 5 } },
  ]);
  expect(listed.stdout).toBe(
    'ID\tSTATUS\tBEGUN\tTOOK\tCHAT\tREASON\ntrn_1\tfailed\t2 min ago\t1.5 s\ttelegram:7\tno credit at all\n',
  );
  const why = await run('turns why trn_1', { answers: { 'turns.why': { lines: ['First.', 'Then.'] } } });
  expect(why.stdout).toBe('First.\nThen.\n');
  const cancelled = await run('turns cancel trn_1', { answers: { 'turns.cancel': { cancelled: false } } });
  expect(cancelled.stdout).toContain('was not running');
  const redriven = await run('turns redrive trn_1 --json', {
    answers: { 'turns.redrive': { redriven: true } },
  });
  expect(redriven.stdout).toBe('{"redriven":true}\n');
});

test('turns show: all rows of the turn', async () => {
  const report = {
    turn: { ...turn, conversation: 'cnv_1', person: 'ann', role: 'owner', attempts: 1 },
    events: [],
    steps: [{ seq: 4, at: fakeNow, body: { kind: 'said', text: 'hello' } }],
    spend: [{ model: 'a/b', costUsd: 0.01, promptTokens: 9, cachedTokens: 3, completionTokens: 2 }],
    deliveries: [{ id: 'dlv_1', status: 'sent', body: { kind: 'message' }, reason: null }],
  };
  const { stdout } = await run('turns show trn_1', { answers: { 'turns.show': report } });
  for (const part of ['#4', 'hello', 'a/b\t$0.0100\t9\t3\t2', 'dlv_1\tsent\tmessage'])
    expect(stdout).toContain(part);
});

test('approvals: pending by default, decided by id in any case', async () => {
  const plan = { tool: 'run', arguments: '{"command":"ls"}' };
  const row = {
    id: '7F3K',
    status: 'pending',
    person: 'ann',
    plan,
    why: 'unknown',
    createdAt: fakeNow - 5_000,
  };
  const listed = await run('approvals', { answers: { 'approvals.list': [row] } });
  expect(listed.asked).toEqual([{ name: 'approvals.list', input: { status: 'pending', limit: 50 } }]);
  expect(listed.stdout).toContain('7F3K\tpending\t5 s ago\tann\trun {"command":"ls"}\tunknown');
  const decided = { answers: { 'approvals.decide': { ...row, status: 'approved' } } };
  const approved = await run('approvals approve 7f3k', decided);
  expect(approved.asked).toEqual([
    { name: 'approvals.decide', input: { id: '7F3K', decision: 'once', reason: null } },
  ]);
  const denied = await run('approvals deny 7F3K --reason no', decided);
  expect(denied.asked[0]?.input).toEqual({ id: '7F3K', decision: 'deny', reason: 'no' });
});

test('people: links, refusals, languages, removals', async () => {
  const link = { handle: 'bob', code: 'K3DT-9PWX', expiresAt: fakeNow };
  const linked = await run('people link bob', { answers: { 'people.link': link } });
  expect(linked.asked[0]?.input).toEqual({ handle: 'bob' });
  expect(linked.stdout).toContain('/pair K3DT-9PWX');
  expect(linked.stdout).toContain('Whoever sends it is bob');
  const own = await run('people link', { answers: { 'people.link': { ...link, handle: 'ann' } } });
  expect(own.asked[0]?.input).toEqual({ handle: null });
  const refused = await run('people refuse k3dt-9pwx', {
    answers: { 'people.refuse': { refused: 'telegram:9' } },
  });
  expect(refused.stdout).toContain('telegram:9 hears nothing more');
  const set = { 'people.set': { handle: 'bob', timezone: 'Europe/Rome', language: null } };
  const answer = await run('people set bob --timezone Europe/Rome --language none', { answers: set });
  expect(answer.asked[0]?.input).toEqual({ handle: 'bob', timezone: 'Europe/Rome', language: null });
  expect(answer.stdout).toContain('bob: time zone Europe/Rome, language not known.');
  const removed = await run('people remove telegram:9', { answers: { 'people.remove': { removed: true } } });
  expect(removed.stdout).toContain('telegram:9 is a stranger again.');
});

test('people, outbox, spend, channels, conversations', async () => {
  const pair = { paired: null, handle: null, ownerCode: 'K3DT-9PWX', expiresAt: null };
  const owner = await run('people pair', { answers: { 'people.pair': pair } });
  expect(owner.stdout).toContain('/pair K3DT-9PWX');
  expect(owner.asked[0]?.input).toEqual({ code: null, handle: null, role: null });
  const bob = await run('people pair k3dt-9pwx --as bob --role member', {
    answers: { 'people.pair': { ...pair, ownerCode: null, paired: 'telegram:8', handle: 'bob' } },
  });
  expect(bob.asked[0]?.input).toEqual({ code: 'K3DT-9PWX', handle: 'bob', role: 'member' });
  expect(bob.stdout).toBe('telegram:8 is let in as bob.\n');
  const rome = { timezone: 'Europe/Rome', language: 'it' };
  const known = {
    handle: 'ann',
    role: 'owner',
    identity: 'telegram:7',
    name: 'Ann',
    since: fakeNow,
    ...rome,
  };
  const people = { 'people.list': { identities: [known], pairings: [] } };
  expect((await run('people', { answers: people })).stdout).toContain(
    'ann\towner\ttelegram:7\tAnn\tEurope/Rome · it',
  );

  const body = { kind: 'message', markdown: 'hi' };
  const delivery = {
    id: 'dlv_1',
    status: 'dead',
    repeated: false,
    createdAt: fakeNow,
    chat: 'c:1',
    body,
    reason: 'x',
  };
  const outbox = await run('outbox --status dead', { answers: { 'outbox.list': [delivery] } });
  expect(outbox.stdout).toContain('dlv_1\tdead\t0 s ago\tc:1\tmessage: hi\tx');

  const tokens = { promptTokens: 10, cachedTokens: 4, completionTokens: 2, costUsd: 0.5, unpricedCalls: 1 };
  const spent = [{ day: '2026-11-20', person: 'ann', model: 'a/b', calls: 2, ...tokens }];
  const spend = await run('spend --days 2', { answers: { spend: spent } });
  expect(spend.asked[0]?.input).toEqual({ days: 2 });
  expect(spend.stdout).toContain('2026-11-20\tann\ta/b\t2\t10\t4\t2\t$0.50 + 1 without a price');

  const channel = { name: 'telegram', state: 'down', why: 'no network', since: fakeNow, lastEventAt: null };
  const channels = await run('channels', { answers: { 'channels.list': [channel] } });
  expect(channels.stdout).toContain('telegram\tdown\t0 s ago\tnone since the start\tno network');

  const conversation = {
    id: 'cnv_1',
    open: true,
    lastAt: fakeNow,
    chat: 'cli:owner',
    person: 'ann',
    title: 'Bread',
  };
  const listed = await run('conversations', { answers: { 'conversations.list': [conversation] } });
  expect(listed.stdout).toContain('cnv_1\topen\t0 s ago\tcli:owner\tann\tBread');
});

test('--json prints what control answers, whatever the noun', async () => {
  const cases = {
    turns: 'turns.list',
    outbox: 'outbox.list',
    spend: 'spend',
  } as const;
  for (const [line, name] of Object.entries(cases)) {
    const { stdout, code } = await run(`${line} --json`, { answers: { [name]: [{ a: 1 }] } });
    expect([code, stdout]).toEqual([0, '[{"a":1}]\n']);
  }
});

test('a running gateway is asked over HTTP; one that is gone is not', async () => {
  const gateway = await startFakeGateway({
    onMessage: () => undefined,
    control: () => [{ name: 'from-http' }],
  });
  const home = { gateway: () => Promise.resolve({ url: gateway.url, pid: 1 }) };
  const answers = { 'turns.list': [{ name: 'in-process' }] };
  expect((await run('turns --json', { home, answers })).stdout).toBe('[{"name":"from-http"}]\n');
  expect(gateway.controls).toEqual([
    { name: 'turns.list', input: { status: null, conversation: null, limit: 20 } },
  ]);
  const refused = await run('turns', { home: { ...home, token: () => Promise.resolve('wrong') } });
  expect(refused).toMatchObject({ code: 77, stderr: expect.stringContaining('does not take this token') });
  await gateway.close();
  const gone = await startFakeGateway({ onMessage: () => undefined });
  await gone.close();
  const stale = { gateway: () => Promise.resolve({ url: gone.url, pid: 1 }) };
  expect((await run('turns --json', { home: stale, answers })).stdout).toBe('[{"name":"in-process"}]\n');
});

const status = {
  version: '0.1.0',
  home: '/h',
  epoch: 1,
  startedAt: fakeNow - 60_000,
  model: 'demo/demo',
  demo: true,
  ready: true,
  notReady: [],
  channels: [{ name: 'telegram', state: 'up', why: 'ok', since: 0, lastEventAt: null }],
  events: { done: 3 },
  turns: { done: 2, failed: 1 },
  outbox: {},
  pendingApprovals: 1,
  spentTodayUsd: 0.02,
  rssBytes: 80_000_000,
  eventLoopP99Ms: 1.2,
};

test('status: 69 where no gateway runs or it is not ready, 0 where it is', async () => {
  const stopped = await run('status', { answers: { status } });
  expect(stopped.code).toBe(69);
  expect(stopped.stdout).toContain('does not run here');
  expect(stopped.stdout).toContain('turns\tdone 2 · failed 1');
  const gateway = await startFakeGateway({ onMessage: () => undefined, control: () => status });
  const home = { gateway: () => Promise.resolve({ url: gateway.url, pid: 1 }) };
  const ready = await run('status --json', { home });
  expect([ready.code, JSON.parse(ready.stdout)]).toMatchObject([0, { running: true, ready: true }]);
  await gateway.close();
});

const broken: Partial<CliHome> = {
  check: () =>
    Promise.resolve({
      ok: false,
      problems: [{ path: 'access.dm', message: 'must be pairing', fix: 'Did you mean pairing?' }],
    }),
};

test('config check and show', async () => {
  const good = await run('config check');
  expect(good).toMatchObject({ code: 0, stdout: '✓ /home/ann/.tiro/config.yaml is good.\n' });
  const bad = await run('config check', { home: broken });
  expect(bad).toMatchObject({ code: 78, stdout: '✗ access.dm must be pairing. Did you mean pairing?\n' });
  const json = await run('config check --json', { home: broken });
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, problems: [{ path: 'access.dm' }] });
  expect(await run('config show')).toMatchObject({ code: 0, stdout: 'model: {}\n' });
  expect((await run('config show', { home: broken })).code).toBe(78);
});

test('doctor: configuration first, then what control finds; the exit code tells the worst', async () => {
  const findings = [{ area: 'model', level: 'fail', what: 'No answer.', fix: 'Start it.' }];
  const failed = await run('doctor --offline', { answers: { doctor: findings } });
  expect(failed.asked).toEqual([{ name: 'doctor', input: { offline: true } }]);
  expect(failed.code).toBe(69);
  expect(failed.stdout).toContain('fail model: No answer.\n    Start it.');
  expect(failed.stdout).toContain('warn gateway: No gateway runs');
  expect((await run('doctor', { answers: { doctor: [] } })).code).toBe(0);
  const bad = await run('doctor', { home: broken });
  expect([bad.code, bad.asked]).toEqual([78, []]);
  // The gateway of another shell has what this one lacks: it speaks for its configuration.
  let said = [{ area: 'config', level: 'ok', what: 'It is in force.', fix: null }];
  const gateway = await startFakeGateway({ onMessage: () => undefined, control: () => said });
  const home = { ...broken, gateway: () => Promise.resolve({ url: gateway.url, pid: 1 }) };
  const elsewhere = await run('doctor', { home });
  expect([elsewhere.code, elsewhere.stdout]).toEqual([0, 'ok config: It is in force.\n']);
  said = [{ area: 'config', level: 'fail', what: 'It is not good.', fix: null }];
  expect((await run('doctor', { home })).code).toBe(78);
  await gateway.close();
  const locked = await run('doctor', {
    answers: { doctor: new TiroError('home-locked', 'Another has it.') },
  });
  expect(locked).toMatchObject({
    code: 69,
    stdout: expect.stringContaining('fail gateway: Another has it.'),
  });
});

test('init refuses without a terminal, in words', async () => {
  const { code, stderr } = await run('init');
  expect(code).toBe(69);
  expect(stderr).toContain('needs a terminal');
});

function startWith(more: FakeOptions = {}) {
  const ended = Promise.withResolvers<{ exitCode: number; reason: string }>();
  const stop = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const options: unknown[] = [];
  const fake = createFake({
    ...more,
    deps: {
      startGateway: (given) => {
        options.push(given);
        const nobody = { 'channels.list': [], 'people.list': { identities: [], pairings: [] } };
        const { control } = fakeControl({ ...nobody, ...more.answers });
        return Promise.resolve({
          url: 'http://127.0.0.1:4180',
          control,
          loginLink: () => Promise.resolve('http://127.0.0.1:4180/login?code=1'),
          stop,
          ended: ended.promise,
        });
      },
      ...more.deps,
    },
  });
  return { ...fake, ended, stop, options };
}

test('start: ready on standard output, the link on standard error; a signal drains and exits with 0', async () => {
  const fake = startWith();
  const code = runCli(['start', '--port', '0', '--host', '0.0.0.0', '--takeover'], fake.deps);
  await vi.waitFor(() => expect(fake.err()).toContain('/login?code=1'));
  expect(fake.out()).toBe('tiro ready http://127.0.0.1:4180\n');
  expect(fake.options).toEqual([
    { home: '/home/ann/.tiro', host: '0.0.0.0', port: 0, takeover: true, quiet: false },
  ]);
  fake.signal('SIGTERM');
  expect(await code).toBe(0);
  expect(fake.stop).toHaveBeenCalledOnce();
});

test('start: a channel on which the owner is not known yet gets a hint, once he is it gets none', async () => {
  const channel = { name: 'telegram', state: 'up', why: 'connected', since: fakeNow, lastEventAt: null };
  const ann = { handle: 'ann', role: 'owner', identity: 'telegram:7', name: 'Ann', since: fakeNow };
  const startKnowing = async (identities: readonly unknown[]): Promise<string> => {
    const fake = startWith({
      answers: { 'channels.list': [channel], 'people.list': { identities, pairings: [] } },
    });
    const code = runCli(['start'], fake.deps);
    await vi.waitFor(() => expect(fake.err()).toContain('/login?code=1'));
    fake.signal('SIGTERM');
    await code;
    return fake.err();
  };
  expect(await startKnowing([{ ...ann, role: 'member' }])).toContain('tiro people pair');
  expect(await startKnowing([ann])).not.toContain('tiro people pair');
});

test('start: a second signal forces, a drain that takes too long is left to the next start', async () => {
  const forced = startWith();
  forced.stop.mockReturnValue(new Promise(() => undefined));
  const code = runCli(['start'], forced.deps);
  await vi.waitFor(() => expect(forced.out()).toContain('ready'));
  forced.signal('SIGTERM');
  await vi.waitFor(() => expect(forced.stop).toHaveBeenCalled());
  forced.signal('SIGTERM');
  expect(await code).toBe(1);

  const clock = { ...forced.deps.clock, sleep: () => Promise.resolve() };
  const slow = startWith({ deps: { clock } });
  slow.stop.mockReturnValue(new Promise(() => undefined));
  const late = runCli(['start'], slow.deps);
  await vi.waitFor(() => expect(slow.out()).toContain('ready'));
  slow.signal('SIGINT');
  expect(await late).toBe(0);
  expect(slow.err()).toContain('goes on at the next start');
});

test('start: a gateway that ends by itself says why', async () => {
  const fake = startWith();
  const code = runCli(['start'], fake.deps);
  fake.ended.resolve({ exitCode: 69, reason: 'Another gateway took the home over.' });
  expect(await code).toBe(69);
  expect(fake.err()).toContain('took the home over');
});

test('start: a configuration that is not good names the keys and exits with 78', async () => {
  const { code, stderr } = await run('start', { home: broken });
  expect(code).toBe(78);
  expect(stderr).toContain('access.dm must be pairing. Did you mean pairing?');
});

test('a reader that leaves early is no defect', async () => {
  const fake = createFake({ answers: { 'turns.list': [] } });
  const running = runCli(['turns'], fake.deps);
  fake.deps.stdout.emit('error', Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
  expect(await running).toBe(0);
});
