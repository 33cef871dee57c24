import { expect, onTestFinished, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import type { LinkOffer } from '#core/ports/adapter.ts';
import { runCli } from '../run.ts';
import { createFake, fakeNow } from '../testing/fake-deps.ts';
import { startFakeGateway } from '../testing/fake-gateway.ts';

const qr = (text: string): LinkOffer => ({ kind: 'qr', text, expiresAt: fakeNow + 20_000 });
const code: LinkOffer = { kind: 'code', text: 'ABCD1234', expiresAt: fakeNow + 60_000 };
const waiting = { state: 'down', why: 'waits for a phone', linked: false } as const;
const linked = { state: 'up', why: 'connected as +49 170 1', offer: null, linked: true } as const;

interface Told {
  readonly answers: readonly unknown[];
  readonly isTerminal?: boolean;
  readonly terminal?: Partial<{ color: boolean; rows: number; columns: number }>;
  readonly onAsk?: (fake: ReturnType<typeof createFake>) => void;
}

/** The gateway answers one after the other, the last one for ever. */
async function link(line: string, { answers, isTerminal = false, terminal = {}, onAsk }: Told) {
  const asked: unknown[] = [];
  const left = [...answers];
  const gateway = await startFakeGateway({
    onMessage: () => undefined,
    control: (name, input) => {
      if (name === 'channels.list') {
        return [{ name: 'web' }, { name: 'whatsapp', linkable: true }];
      }
      asked.push(input);
      onAsk?.(fake);
      return name === 'channels.unlink' ? { unlinked: true } : left.length > 1 ? left.shift() : left[0];
    },
  });
  onTestFinished(() => gateway.close());
  const home = { gateway: () => Promise.resolve({ url: gateway.url, pid: 1 }) };
  const fake = createFake({ home, isTerminal });
  const { rows = 60, columns = 100, color = isTerminal } = terminal;
  const clock = { ...fake.deps.clock, sleep: () => Promise.resolve() };
  const shown = { input: isTerminal, output: isTerminal, color, rows: () => rows, columns: () => columns };
  const exit = await runCli(line.split(' '), { ...fake.deps, clock, terminal: shown });
  return { exit, out: fake.out(), err: fake.err(), asked };
}

test('where nobody looks each code is printed once, and then that it is linked', async () => {
  const answers = [
    { ...waiting, offer: null },
    { ...waiting, why: 'not linked: run this', offer: null },
    { ...waiting, offer: qr('first') },
    { ...waiting, offer: qr('first') },
    { ...waiting, offer: qr('second') },
    linked,
  ];
  const { exit, out, err, asked } = await link('channels link', { answers });
  expect(exit).toBe(0);
  expect(out.split('\n').slice(0, 3)).toEqual(['first', 'second', 'Linked: connected as +49 170 1.']);
  expect(out).toContain('LAST MESSAGE');
  expect(err).toBe('asking for a code …\n');
  expect(asked[0]).toEqual({ channel: 'whatsapp', phone: null });
});

test('programs get a line of JSON per code and one at the end', async () => {
  const answers = [waiting, { ...waiting, offer: qr('first') }, linked].map((one) => ({
    offer: null,
    ...one,
  }));
  const { out } = await link('channels link whatsapp --json', { answers });
  const lines = out
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(lines).toEqual([{ offer: qr('first') }, { linked: true, why: linked.why }]);
});

test('on a terminal the code is drawn black on white, the next one in its place, and gone at the end', async () => {
  const answers = [
    { ...waiting, offer: qr('first') },
    { ...waiting, offer: qr('first') },
    { ...waiting, offer: qr('second') },
    linked,
  ];
  const { out } = await link('channels link whatsapp', { answers, isTerminal: true });
  const draws = out.split('On the phone, in WhatsApp').slice(1);
  expect(draws).toHaveLength(2);
  const erased = out.split('\r\u001b[J').slice(0, -1);
  expect(erased).toHaveLength(2);
  const [first = ''] = draws;
  expect(first).toContain('\u001b[38;5;231m\u001b[48;5;16m█');
  // As many lines are taken away as were drawn.
  const [drawn = '', up = ''] = (erased[0] ?? '').split(/A?$/)[0]?.split(/\[(?=\d+$)/) ?? [];
  expect(Number(up)).toBe(drawn.split('\n').length - 1);
  expect(out.slice(out.lastIndexOf('\u001b[J'))).toContain('Linked');
  expect(out).not.toMatch(/first|second/);
});

test('a window that is too small says so instead of half a code; one without colours is told which background', async () => {
  const offer = qr(`https://wa.me/settings/linked_devices#2@${'x'.repeat(200)}`);
  const answers = [{ ...waiting, offer }, { ...waiting, offer }, linked];
  const small = await link('channels link', { answers, isTerminal: true, terminal: { rows: 24 } });
  expect(small.out).toMatch(/needs a window of \d+ columns and \d+ rows/);
  expect(small.out).not.toContain('█');
  const narrow = await link('channels link', { answers, isTerminal: true, terminal: { columns: 40 } });
  expect(narrow.out).not.toContain('█');
  const plain = await link('channels link', { answers, isTerminal: true, terminal: { color: false } });
  expect(plain.out).toContain('dark background');
  expect(plain.out).not.toContain('\u001b[38');
});

test('with a number a code to type is asked for once, and shown as the phone wants it', async () => {
  const answers = [
    { ...waiting, offer: null },
    { ...waiting, offer: code },
    { ...waiting, offer: code },
    linked,
  ];
  const told = { answers, isTerminal: true };
  const { out, asked } = await link('channels link whatsapp --phone 4917012345', told);
  expect(out).toContain('Link with phone number instead');
  expect(out).toContain('    ABCD-1234\n');
  const phones = [null, '4917012345', null, null];
  expect(asked).toEqual(phones.map((phone) => ({ channel: 'whatsapp', phone })));
});

test('while a code cannot be asked for yet, why is shown, and it is asked for again', async () => {
  const refused = new TiroError('unavailable', 'not connected to WhatsApp yet');
  const none = { ...waiting, offer: null };
  const answers = [none, refused, none, { ...waiting, offer: code }, linked];
  const { exit, out, err, asked } = await link('channels link whatsapp --phone 4917012345', { answers });
  expect([exit, err]).toEqual([0, 'not connected to WhatsApp yet …\n']);
  expect(out).toContain('ABCD1234\n');
  const phones = [null, '4917012345', null, '4917012345', null];
  expect(asked).toEqual(phones.map((phone) => ({ channel: 'whatsapp', phone })));
});

test('what is linked already says so; Ctrl-C gives up; without a gateway nothing can be linked', async () => {
  const already = await link('channels link whatsapp', { answers: [linked] });
  expect([already.exit, already.out]).toEqual([0, expect.stringContaining('linked already: connected as')]);
  const answers = [{ ...waiting, offer: qr('first') }];
  const given = await link('channels link', {
    answers,
    isTerminal: true,
    onAsk: (fake) => fake.signal('SIGINT'),
  });
  expect([given.exit, given.err]).toEqual([69, 'Given up; it is not linked.\n']);
  for (const line of ['channels link', 'channels link whatsapp', 'channels unlink whatsapp']) {
    const fake = createFake();
    expect(await runCli(line.split(' '), fake.deps)).toBe(69);
    expect(fake.err()).toContain('No gateway runs here');
  }
  const unlinked = await link('channels unlink whatsapp', { answers: [] });
  expect([unlinked.exit, unlinked.asked]).toEqual([0, [{ channel: 'whatsapp' }]]);
});
