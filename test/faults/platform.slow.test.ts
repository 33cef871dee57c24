import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '#test/until.ts';
import { type FaultyWorld, startFaultyWorld } from './world.ts';

let world: FaultyWorld;
beforeAll(async () => {
  world = await startFaultyWorld({ speed: 30, people: 8 });
});
afterAll(() => world[Symbol.asyncDispose]());

const ann = 7;
const everybody = [7, 8, 9, 10, 11, 12, 13, 14];
let round = 0;

/** Everybody writes; each gets one answer, and none twice without the mark. */
async function everybodyIsAnswered(people: readonly number[] = everybody): Promise<void> {
  round += 1;
  const text = `round ${round}`;
  for (const who of people) world.say(who, text);
  for (const who of people) await world.answered(who, `You said: ${text}`);
  await world.toTelegram.heal();
  await until('nothing waits any more', async () => {
    const waiting = await world.run('outbox.list', { status: 'queued', limit: 9 });
    return waiting.length === 0;
  });
  for (const who of people) {
    expect(world.count(who, `You said: ${text}`).plain).toBeLessThanOrEqual(1);
  }
}

function sends(since: number): number {
  return world.telegram.calls.slice(since).filter(({ method }) => method === 'sendMessage').length;
}

test('half-open sockets to Telegram: the poll and a send find out, and nothing is lost or doubled unmarked', async () => {
  await everybodyIsAnswered();
  world.toTelegram.freeze();
  await everybodyIsAnswered();
});

test('half-open while the model thinks: the answer was never sent, and comes once', async () => {
  world.model.setLatency(300);
  world.say(ann, 'think');
  await until('the model thinks', () => world.model.active() === 1);
  world.toTelegram.freeze();
  await world.answered(ann, 'You said: think');
  const { plain, marked } = world.count(ann, 'You said: think');
  expect(plain + marked).toBe(1);
  world.model.setLatency(0);
});

test('the answer to a send is dropped: it is sent again, and only the second says so', async () => {
  world.toTelegram.set({ response: 'drop', only: '/sendMessage', times: 1 });
  world.say(ann, 'dropped');
  await until('both are there', () => world.count(ann, 'You said: dropped').marked === 1);
  expect(world.count(ann, 'You said: dropped')).toEqual({ plain: 1, marked: 1 });
});

test('answers that come twice confuse nobody', async () => {
  world.toTelegram.set({ response: 'twice' });
  await everybodyIsAnswered();
});

test('429: waited as long as it asks, never marked, and in order', async () => {
  for (let i = 0; i < 6; i += 1) {
    world.telegram.failNext('sendMessage', 429, 'Too Many Requests: retry after 2', { retry_after: 2 });
  }
  const earlier = world.shown(ann).length;
  for (const text of ['one', 'two', 'three']) {
    world.say(ann, text);
    await until('it is stored', () => world.telegram.pending.length === 0);
  }
  await until('all three came', () => world.shown(ann).join(' ').includes('three'));
  const [one, three] = ['one', 'three'].map((text) =>
    world.shown(ann).findIndex((shown) => shown.includes(text)),
  );
  expect(one).toBeLessThanOrEqual(three ?? 0);
  expect(
    world.telegram
      .messages(ann)
      .slice(earlier)
      .map(({ text }) => text)
      .join(' '),
  ).not.toContain('possibly');
});

test('5xx and hangs: the breaker rests the channel, and each chat has its answer in the end', async () => {
  const since = world.telegram.calls.length;
  for (let i = 0; i < 6; i += 1) world.telegram.failNext('sendMessage', 502, 'Bad Gateway');
  world.telegram.hang('sendMessage');
  await everybodyIsAnswered();
  expect(sends(since)).toBeLessThanOrEqual(6 + 1 + 2 * everybody.length);
});

const nonsense = [
  '',
  'true',
  'null',
  '<html>502</html>',
  '{"ok":true}',
  '{"ok":true,"result":null}',
  '{"ok":true,"result":"nonsense"}',
  '{"ok":true,"result":[null,1,"x",{"foo":1},{"update_id":"7"},{"update_id":1.5}]}',
  '{"ok":false}',
  '{"ok":false,"error_code":"x","description":7}',
  '[1,2',
] as const;

test.each(nonsense)('nonsense instead of an answer: %s', async (body) => {
  for (const method of ['getUpdates', 'sendMessage']) world.telegram.answerWith(method, 200, body);
  await everybodyIsAnswered([7, 8]);
});

test.each(['{"ok":true,"result":"nonsense"}', '{"ok":true,"result":{}}', 'null'])(
  'nonsense when it asks who the bot is: %s',
  async (body) => {
    world.telegram.answerWith('getMe', 200, body);
    await world.restart();
    const group = { id: -100, type: 'supergroup', title: 'All' } as const;
    world.telegram.userText(`@thebot are you ${body.length}?`, { chat: group });
    await until('it knows its name', () =>
      world.telegram.messages(-100).some(({ text }) => text.includes(`are you ${body.length}?`)),
    );
    // Its own name is taken away: it knows that it was called.
    expect(world.telegram.messages(-100).some(({ text }) => text.includes('@thebot'))).toBe(false);
  },
);

test('cut, reset or dropped at any byte: once healed everybody has the answer, and no double is unmarked', async () => {
  const fault = fc.record({
    cutAfterUp: fc.option(fc.nat(800), { nil: Number.POSITIVE_INFINITY }),
    cutAfterDown: fc.option(fc.nat(800), { nil: Number.POSITIVE_INFINITY }),
    cutBy: fc.constantFrom('close' as const, 'reset' as const),
    response: fc.constantFrom('pass' as const, 'drop' as const),
    only: fc.constantFrom('', '/sendMessage', '/getUpdates'),
    times: fc.integer({ min: 1, max: 4 }),
    latencyMs: fc.constantFrom(0, 0, 5),
  });
  await fc.assert(
    fc.asyncProperty(fault, async (faults) => {
      world.toTelegram.set(faults);
      await everybodyIsAnswered([7, 8, 9]);
    }),
    { numRuns: 20 },
  );
});
