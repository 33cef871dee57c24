import { expect, onTestFinished, test, vi } from 'vitest';
import type { StoredEvent } from '#core/event.ts';
import { startFakeModel } from '#test/fakes/model/index.ts';
import { startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { startTestGateway } from '#test/gateway.ts';
import { until } from '#test/until.ts';
import { token } from '../gateway/programs.ts';
import { botToken, configOf, flood, floodChat, talker } from './people.ts';
import { throwBurst } from './phases.ts';
import { type Posts, postAll } from './posts.ts';

const events = 3_000;
const chats = 10;
const rounds = 3;
const eventsOfTurn = 20;
// Thousands of messages on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

interface Small {
  readonly telegram: Awaited<ReturnType<typeof startFakeTelegram>>;
  readonly model: Awaited<ReturnType<typeof startFakeModel>>;
  readonly gateway: Awaited<ReturnType<typeof startTestGateway>>;
}

async function startSmall(options: { latencyMs: number; concurrency: number }): Promise<Small> {
  const telegram = await startFakeTelegram({ token: botToken });
  const model = await startFakeModel({ latencyMs: options.latencyMs });
  const { concurrency } = options;
  const config = configOf({ modelUrl: model.url, telegram, chats, concurrency });
  const gateway = await startTestGateway({ config, env: { TIRO_TOKEN: token } });
  onTestFinished(async () => {
    await gateway[Symbol.asyncDispose]();
    await telegram.close();
    await model.close();
  });
  return { telegram, model, gateway };
}

/** Asked of the status: what stands in the rows. */
async function eventsBy(gateway: Small['gateway']): Promise<Readonly<Record<StoredEvent['status'], number>>> {
  const owner = { person: 'ann', role: 'owner', via: 'test' } as const;
  return (await gateway.gateway.control.run('status', {}, owner)).events;
}

test('a burst of one chat is stored whole and in order, and the others are answered before its turns', async () => {
  const { telegram, model, gateway } = await startSmall({ latencyMs: 5, concurrency: 32 });
  const thrown = throwBurst(telegram, events);
  const heard = (text: string): number =>
    telegram.messages().filter((shown) => shown.text.includes(text)).length;
  const floodTurns = (): number => telegram.messages(floodChat.slice('telegram:'.length)).length;

  // The others begin behind the whole burst: the platform hands it over first.
  for (let round = 1; round <= rounds; round += 1) {
    for (let n = 0; n < chats; n += 1) telegram.userText(`[small-c${n}-n${round}] Hello.`, talker(n));
    await until(`round ${round} is answered`, () => heard(`-n${round}]`) === chats, 60_000);
  }
  // Each round waits for one turn of its own; a queue without fairness would first work off 150 turns of the flood.
  expect(floodTurns()).toBeLessThan(events / eventsOfTurn / 2);
  expect(telegram.confirmed.filter((id) => thrown.includes(id))).toEqual(thrown);
  expect(telegram.pending).toEqual([]);

  const done = events + chats * rounds;
  await until('all of it is answered', async () => (await eventsBy(gateway)).done === done, 60_000);
  await until('the answers are out', async () => heard(`Number ${events - 1} of the flood.`) > 0, 60_000);
  const asked = model.requests.filter(({ status }) => status === 200).map(({ raw }) => raw);
  const numbers = [
    ...(asked.findLast((raw) => raw.includes('of the flood')) ?? '').matchAll(/Number (\d+) of/g),
  ];
  // The first time each is met: replies repeat them.
  const inOrder = [...new Set(numbers.map(([, number]) => Number(number)))];
  expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
  expect(inOrder.at(-1)).toBe(events - 1);
  const answered = telegram
    .messages(String(flood.from?.id))
    .flatMap(({ text }) => [...text.matchAll(/Number (\d+) of/g)]);
  expect(new Set(answered.map(([, number]) => number)).size).toBe(events);
});

test('what HTTP was told is accepted is a row, each once', async () => {
  const { gateway } = await startSmall({ latencyMs: 5, concurrency: 32 });
  const posts: Posts = { accepted: [], tookMs: [], refused: 0 };
  await postAll(gateway.url, posts, { count: 500, connections: 40 });
  expect(posts).toMatchObject({ refused: 0, accepted: { length: 500 } });
  expect(new Set(posts.accepted).size).toBe(500);
  const counts = await eventsBy(gateway);
  expect(counts.queued + counts.running + counts.done).toBe(500);
});

test('whoever floods from many chats at once gets one of the model’s places in turn with the others', async () => {
  const { telegram, model } = await startSmall({ latencyMs: 150, concurrency: 2 });
  const groups = 40;
  for (let n = 0; n < groups * 20; n += 1) {
    const chat = { id: -1_000 - (n % groups), type: 'supergroup', title: 'A group' } as const;
    telegram.userText(`Number ${n} of the flood.`, { ...flood, chat });
  }
  const floodCalls = (): number => model.requests.filter(({ raw }) => raw.includes('of the flood')).length;
  await until('the flood has all the turns it may have', () => model.active() === 2 && floodCalls() > 4);
  for (let round = 1; round <= 2; round += 1) {
    // Both places are taken for so long that all ten stand in line before one is free, on a busy machine too.
    model.setLatency(2_000);
    const before = floodCalls() + 2;
    await until('the flood has both places', () => floodCalls() >= before);
    model.setLatency(150);
    for (let n = 0; n < chats; n += 1) telegram.userText(`[many-c${n}-n${round}] Hello.`, talker(n));
    const answered = (): number =>
      telegram.messages().filter(({ text }) => text.includes(`-n${round}]`)).length;
    await until(`round ${round} is answered`, () => answered() === chats, 60_000);
    // Sixteen calls of the flood wait for a place at any time: first come, first served would let them all go first.
    expect(floodCalls() - before).toBeLessThanOrEqual(chats);
  }
});
