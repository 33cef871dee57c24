import { afterEach, expect, test } from 'vitest';
import { httpClient } from '../gateway/control-client.ts';
import type { FeedEvent } from '../gateway/feed.ts';
import { createFake } from '../testing/fake-deps.ts';
import {
  answerTurn,
  type FakeGateway,
  type FakeGatewayOptions,
  replyStep,
  startFakeGateway,
} from '../testing/fake-gateway.ts';
import { answerOf, exitCodeOf } from './answer.ts';
import { createExchange, type Exchange } from './exchange.ts';

const opened: { gateway: FakeGateway; exchange: Exchange }[] = [];
afterEach(async () => {
  for (const { gateway, exchange } of opened.splice(0)) {
    await exchange.close();
    await gateway.close();
  }
});

async function exchangeWith(options: FakeGatewayOptions) {
  const gateway = await startFakeGateway(options);
  const { deps } = createFake();
  // Waits are cut short: nothing here depends on how long they are.
  const clock = {
    ...deps.clock,
    sleep: (ms: number, signal?: AbortSignal) => deps.clock.sleep(ms / 100, signal),
  };
  const reach = { url: gateway.url, token: 'owner-token' };
  const shown: { event: FeedEvent; isOther: boolean }[] = [];
  const control = httpClient({ ...deps, clock }, reach);
  const show = (event: FeedEvent, isOther: boolean) => void shown.push({ event, isOther });
  const exchange = createExchange({ ...deps, clock }, { gateway: reach, control, show });
  opened.push({ gateway, exchange });
  return { gateway, exchange, shown };
}

const say = (exchange: Exchange, text: string) => exchange.say({ conversation: null, text });

test('a message is handed in and its answer awaited, also when it is there before the acknowledgement', async () => {
  const { gateway, exchange, shown } = await exchangeWith({
    onMessage: (gateway, message) => answerTurn(gateway, message, 'Hello there'),
  });
  expect(await say(exchange, 'hi')).toEqual({
    conversation: 'cnv_1',
    event: 'evt_1',
    turn: 'trn_evt_1',
    status: 'done',
    text: 'Hello there',
    reason: null,
  });
  expect(gateway.messages).toMatchObject([{ text: 'hi', conversation: null, channel: 'cli' }]);
  const deltas = shown.flatMap(({ event }) => (event.type === 'delta' ? [event.text] : []));
  expect(deltas.join('')).toBe('Hello there');
});

test('another turn of the conversation is shown as other and answers nothing', async () => {
  const { exchange, shown } = await exchangeWith({
    onMessage: (gateway, message) => {
      gateway.step(replyStep('not for you'), 'trn_other');
      gateway.step({ kind: 'end', status: 'done', reason: null }, 'trn_other');
      answerTurn(gateway, message, 'For you');
    },
  });
  expect((await say(exchange, 'hi')).text).toBe('For you');
  const others = shown
    .filter(({ isOther }) => isOther)
    .map(({ event }) => event.type === 'step' && event.body.kind);
  expect(others).toEqual(['reply', 'end']);
});

test('a command is answered by the notice that follows it', async () => {
  const { exchange } = await exchangeWith({
    onMessage: (gateway) => gateway.step({ kind: 'notice', text: 'What I can do' }, null),
  });
  expect(await say(exchange, '/help')).toMatchObject({
    status: 'command',
    turn: null,
    text: 'What I can do',
  });
});

test('a cut connection is taken up again behind the last step, and no step is told twice', async () => {
  let cuts = 0;
  const { gateway, exchange, shown } = await exchangeWith({
    onMessage: (gateway, message) => {
      gateway.step(
        { kind: 'input', event: message.event, person: 'o', name: 'o', text: '', files: [], at: 0 },
        'trn_1',
      );
    },
    messageStatus: () => {
      // Asked for the first time: the message is running. Now the connection breaks, and the answer comes meanwhile.
      if (cuts === 0) {
        gateway.cut();
        gateway.step(replyStep('Late but whole'), 'trn_1');
        gateway.step({ kind: 'end', status: 'done', reason: null }, 'trn_1');
      }
      cuts += 1;
      return 'running';
    },
  });
  expect(await say(exchange, 'hi')).toMatchObject({ status: 'done', text: 'Late but whole' });
  expect(gateway.feeds).toEqual([null, '1']);
  const replies = shown.filter(({ event }) => event.type === 'step' && event.body.kind === 'reply');
  expect(replies).toHaveLength(1);
  expect(shown.some(({ event }) => event.type === 'lost')).toBe(true);
});

test('a message that is dropped without a turn ends by being looked after', async () => {
  const { exchange } = await exchangeWith({ onMessage: () => undefined, messageStatus: () => 'withdrawn' });
  expect(await say(exchange, 'hi')).toMatchObject({ status: 'cancelled', text: '' });
});

test('a parked turn brings the approvals of its conversation, and a decision the turn that follows', async () => {
  const approval = (id: string, conversation: string) => ({
    id,
    conversation,
    plan: { tool: 'run', arguments: '{"a":1}', hash: '' },
    why: 'it writes',
  });
  const { exchange } = await exchangeWith({
    onMessage: (gateway, { event }) => {
      gateway.step({ kind: 'input', event, person: 'o', name: 'o', text: '', files: [], at: 0 }, 'trn_1');
      gateway.step({ kind: 'end', status: 'parked', reason: null }, 'trn_1');
    },
    control: (name) =>
      name === 'approvals.list' ? [approval('7F3K', 'cnv_1'), approval('9XYZ', 'cnv_2')] : null,
  });
  const answer = await answerOf(exchange, { conversation: null, text: 'do it' });
  expect(answer).toMatchObject({
    status: 'parked',
    approvals: [{ id: '7F3K', tool: 'run', why: 'it writes' }],
  });
  const { gateway } = opened[0] ?? {};
  const outcome = await exchange.afterDecision({ conversation: 'cnv_1', id: '7F3K' }, () => {
    const decided = { kind: 'decision', approval: '7F3K', decision: 'approved', by: 'owner' } as const;
    const call = { reason: null, callId: 'c', tool: 'run', arguments: '{}', planHash: '' };
    gateway?.step({ ...decided, ...call }, 'trn_2');
    gateway?.step(replyStep('Done it'), 'trn_2');
    gateway?.step({ kind: 'end', status: 'done', reason: null }, 'trn_2');
    return Promise.resolve();
  });
  expect(outcome).toMatchObject({ turn: 'trn_2', status: 'done', text: 'Done it' });
});

test('a token that is refused is said at once', async () => {
  const gateway = await startFakeGateway({ onMessage: () => undefined });
  const { deps } = createFake();
  const reach = { url: gateway.url, token: 'another' };
  const exchange = createExchange(deps, { gateway: reach, control: httpClient(deps, reach) });
  opened.push({ gateway, exchange });
  await expect(say(exchange, 'hi')).rejects.toMatchObject({ code: 'denied' });
});

test('what is awaited when the talk is closed rejects', async () => {
  const { exchange, gateway } = await exchangeWith({ onMessage: () => undefined });
  const waiting = say(exchange, 'hi');
  const refused = expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  while (gateway.messages.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await exchange.close();
  await refused;
});

test('exit codes: only an answer is 0', () => {
  const codes = (['done', 'command', 'parked', 'failed', 'cancelled', 'dead'] as const).map(exitCodeOf);
  expect(codes).toEqual([0, 0, 77, 69, 69, 1]);
});
