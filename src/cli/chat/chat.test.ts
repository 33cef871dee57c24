import { afterEach, expect, test, vi } from 'vitest';
import { createPrinter } from '../output/printer.ts';
import { runCli } from '../run.ts';
import { createScreen } from '../screen/screen.ts';
import { createFake, type Fake, type FakeOptions } from '../testing/fake-deps.ts';
import {
  answerTurn,
  type FakeGateway,
  type FakeGatewayOptions,
  replyStep,
  startFakeGateway,
} from '../testing/fake-gateway.ts';
import { createLines } from './lines.ts';
import { showEvent } from './talk.ts';

const gateways: FakeGateway[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
});

const echo: FakeGatewayOptions = {
  onMessage: (gateway, message) => answerTurn(gateway, message, `You said **${message.text}**`),
};

/** A chat against a fake gateway that runs for the home. */
async function chatWith(
  options: FakeGatewayOptions,
  more: FakeOptions = {},
): Promise<Fake & { gateway: FakeGateway }> {
  const gateway = await startFakeGateway(options);
  gateways.push(gateway);
  const home = { gateway: () => Promise.resolve({ url: gateway.url, pid: 1 }), ...more.home };
  return { ...createFake({ ...more, home }), gateway };
}

const shows = (fake: Fake, text: string) =>
  vi.waitFor(() => expect(fake.out()).toContain(text), { timeout: 5_000 });

test('piped in words: the answer to each message, multi-line ones too, and nothing else', async () => {
  const fake = await chatWith(echo);
  fake.stdin.end('hello\n"""\ntwo\nlines\n"""\n');
  expect(await runCli(['chat'], fake.deps)).toBe(0);
  expect(fake.out()).toBe('You said **hello**\nYou said **two\nlines**\n');
  expect(fake.gateway.messages.map(({ conversation }) => conversation)).toEqual([null, 'cnv_1']);
  expect(new Set(fake.gateway.messages.map(({ key }) => key)).size).toBe(2);
});

test('--json: one line of JSON per message, in order', async () => {
  const fake = await chatWith(echo);
  fake.stdin.end('one\ntwo');
  expect(await runCli(['chat', '--json'], fake.deps)).toBe(0);
  const lines = fake.out().trimEnd().split('\n');
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { event: 'evt_1', turn: 'trn_evt_1', status: 'done', text: 'You said **one**', approvals: [] },
    { event: 'evt_2', status: 'done', text: 'You said **two**' },
  ]);
});

test('on a terminal: what was said before, the prompt, the answer as it streams', async () => {
  const input = { kind: 'input', event: 'e', person: 'owner', name: 'owner', files: [], at: 0 };
  const fake = await chatWith(
    {
      ...echo,
      control: (name) => {
        if (name === 'conversations.list') return [{ id: 'cnv_1', chat: 'cli:owner', open: true }];
        if (name !== 'conversations.show') return null;
        const said = [{ ...input, text: 'before' }, replyStep('An answer from before')];
        return { steps: said.map((body, index) => ({ seq: index + 1, at: 0, body })) };
      },
    },
    { isTerminal: true },
  );
  const ended = runCli(['chat'], fake.deps);
  await shows(fake, 'An answer from before');
  await shows(fake, '› ');
  expect(fake.out()).toContain('› before');
  fake.stdin.write('hello\r');
  await shows(fake, 'You said **hello**');
  fake.stdin.write('/exit\r');
  expect(await ended).toBe(0);
  expect(fake.gateway.messages).toMatchObject([{ text: 'hello', conversation: 'cnv_1' }]);
});

test('Ctrl-C stops the running answer; twice at the prompt leaves', async () => {
  const input = { kind: 'input', person: 'o', name: 'o', text: '', at: 0 } as const;
  const fake = await chatWith(
    {
      onMessage: (gateway, { text, event }) => {
        if (text !== '/stop') {
          gateway.step({ ...input, event, files: [] }, 'trn_1');
          gateway.live('delta', 'trn_1', { text: 'thinking' });
          return;
        }
        gateway.step({ kind: 'notice', text: 'Stopped.' }, null);
        gateway.step({ kind: 'end', status: 'cancelled', reason: 'stopped by owner' }, 'trn_1');
      },
    },
    { isTerminal: true },
  );
  const ended = runCli(['chat'], fake.deps);
  await shows(fake, '› ');
  fake.stdin.write('go on\r');
  await shows(fake, 'thinking');
  fake.stdin.write('\u0003');
  await shows(fake, 'cancelled: stopped by owner');
  expect(fake.gateway.messages.map(({ text }) => text)).toEqual(['go on', '/stop']);
  fake.stdin.write('\u0003');
  await shows(fake, 'Ctrl-C once more leaves; /help');
  fake.stdin.write('\u0003');
  expect(await ended).toBe(0);
});

test('an approval is shown and answered; what was typed before it was shown is no answer', async () => {
  const input = { kind: 'input', person: 'o', name: 'o', text: '', at: 0 } as const;
  const plan = { tool: 'write_file', arguments: '{"path":"a.txt"}', hash: '' };
  const fake = await chatWith(
    {
      onMessage: (gateway, { text, event }) => {
        if (text === 'y') return;
        fake.stdin.write('y\r'); // typed ahead
        gateway.step({ ...input, event, files: [] }, 'trn_1');
        gateway.step({ kind: 'end', status: 'parked', reason: null }, 'trn_1');
      },
      control: (name) => {
        if (name === 'approvals.list') return [{ id: '7F3K', conversation: 'cnv_1', plan, why: 'it writes' }];
        if (name !== 'approvals.decide') return null;
        const decided = { kind: 'decision', approval: '7F3K', decision: 'denied', by: 'owner' } as const;
        fake.gateway.step(
          { ...decided, reason: 'wrong file', callId: 'c', planHash: '', tool: '', arguments: '' },
          'trn_2',
        );
        fake.gateway.step(replyStep('Then I leave it.'), 'trn_2');
        fake.gateway.step({ kind: 'end', status: 'done', reason: null }, 'trn_2');
        return {};
      },
    },
    { isTerminal: true },
  );
  const ended = runCli(['chat'], fake.deps);
  await shows(fake, '› ');
  fake.stdin.write('write it\r');
  await shows(fake, 'Let it run?');
  expect(fake.out()).toContain('Approval 7F3K: it writes');
  expect(fake.out()).toContain('write_file {"path":"a.txt"}');
  fake.stdin.write('no wrong file\r');
  await shows(fake, 'Then I leave it.');
  const decisions = fake.gateway.controls.filter(({ name }) => name === 'approvals.decide');
  expect(decisions).toEqual([
    { name: 'approvals.decide', input: { id: '7F3K', decision: 'deny', reason: 'wrong file' } },
  ]);
  await vi.waitFor(() => expect(fake.gateway.messages.at(-1)?.text).toBe('y')); // it was an ordinary message
  fake.signal('SIGTERM');
  expect(await ended).toBe(69);
});

test('where no gateway runs, one is started for the chat and stopped after it', async () => {
  const gateway = await startFakeGateway(echo);
  gateways.push(gateway);
  const stop = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const started: unknown[] = [];
  const fake = createFake({
    deps: {
      startGateway: (options) => {
        started.push(options);
        return Promise.resolve({
          url: gateway.url,
          control: {
            run: () => Promise.reject(new Error('over HTTP')),
            runUntrusted: () => Promise.reject(new Error()),
          },
          loginLink: () => Promise.resolve(''),
          stop,
          ended: new Promise(() => undefined),
        });
      },
    },
  });
  fake.stdin.end('hello\n');
  expect(await runCli(['chat'], fake.deps)).toBe(0);
  expect(fake.out()).toContain('You said **hello**');
  expect(started).toEqual([
    { home: '/home/ann/.tiro', host: '127.0.0.1', port: 0, takeover: false, quiet: true },
  ]);
  expect(stop).toHaveBeenCalledOnce();
});

test('send --wait prints the answer; without it the ids', async () => {
  const fake = await chatWith(echo);
  expect(await runCli(['send', '--wait', 'good', 'morning'], fake.deps)).toBe(0);
  expect(fake.out()).toBe('You said **good morning**\n');
  const other = await chatWith(echo);
  expect(await runCli(['send', 'x', '--conversation', 'cnv_1', '--json'], other.deps)).toBe(0);
  expect(JSON.parse(other.out())).toEqual({ conversation: 'cnv_1', event: 'evt_1' });
  expect(other.gateway.messages).toMatchObject([{ text: 'x', conversation: 'cnv_1' }]);
});

test('send reads standard input, and refuses an empty message', async () => {
  const fake = await chatWith(echo);
  fake.stdin.end('a lettér\nof two lines\n');
  expect(await runCli(['send', '--wait', '-'], fake.deps)).toBe(0);
  expect(fake.gateway.messages[0]?.text).toBe('a lettér\nof two lines');
  const empty = await chatWith(echo);
  expect(await runCli(['send', ' '], empty.deps)).toBe(65);
});

test('send without a gateway says how to start one', async () => {
  const fake = createFake();
  expect(await runCli(['send', 'x'], fake.deps)).toBe(69);
  expect(fake.err()).toContain('tiro start');
});

test('a gateway of another version is not believed to speak the same: it says which, and nothing is sent', async () => {
  const fake = await chatWith({ ...echo, version: '0.0.9' });
  expect(await runCli(['send', '--wait', 'x'], fake.deps)).toBe(69);
  expect(fake.err()).toMatch(/0\.0\.9.*0\.1\.0/s);
  expect(fake.gateway.messages).toEqual([]);
});

test('a gateway that is gone is said once, not with every try to reach it', () => {
  const fake = createFake({});
  const lines = createLines(fake.deps);
  const show = showEvent({
    deps: fake.deps,
    print: createPrinter(fake.deps),
    screen: createScreen(fake.deps),
    lines,
  });
  const lost = { type: 'lost', reason: 'Nobody listens at http://127.0.0.1:4180.' } as const;
  for (let n = 0; n < 3; n += 1) show(lost, false);
  show({ type: 'open' }, false);
  show(lost, false);
  lines.close();
  const said = '(Nobody listens at http://127.0.0.1:4180; connecting again)\n';
  expect(fake.out() + fake.err()).toBe(said + said);
});
