import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { InboundEvent } from '#core/event.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { createClock } from '#lib/clock.ts';
import { until } from '#test/contract/adapter.ts';
import {
  createHastyClock,
  createTestDeps,
  createTestLog,
  createTestSink,
  type TestDeps,
  type TestSink,
} from '#test/fakes/sink.ts';
import { type FakeTelegram, type Update, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { createTelegram } from './index.ts';

const token = '123456789:a-token-for-album-tests';
const leaf = Buffer.from('leaf');
const photos = (count: number, caption?: string) =>
  Array.from({ length: count }, (_, index) => ({
    bytes: leaf,
    ...(index === 0 && caption !== undefined ? { caption } : {}),
  }));

async function startFake(): Promise<FakeTelegram> {
  const fake = await startFakeTelegram({ token });
  onTestFinished(() => fake.close());
  return fake;
}

const quietMs = 500;

/** Albums are quiet after the product's own time; every other pause is short. */
function createAlbumClock(isEverQuiet = true): ClockPort {
  const clock = createHastyClock();
  const real = createClock();
  const never = (signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
  const wait = isEverQuiet ? real.sleep : (_ms: number, signal?: AbortSignal) => never(signal);
  return { ...clock, sleep: (ms, signal) => (ms === quietMs ? wait(ms, signal) : clock.sleep(ms, signal)) };
}

function start(fake: FakeTelegram, sink: TestSink, more: Partial<TestDeps> = {}) {
  const log = createTestLog();
  const adapter = createTelegram(
    { ...createTestDeps(log, createAlbumClock()), ...more },
    { token, apiRoot: fake.url, webhook: null },
  );
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    await ended;
  };
  onTestFinished(stop);
  return { adapter, stop, log };
}

function idsIn(updates: readonly Update[]): readonly string[] {
  const schema = (update: Update): string => /"file_id":"(file-\d+)"/.exec(JSON.stringify(update))?.[1] ?? '';
  return updates.map(schema);
}

function filesIn(events: readonly InboundEvent[]): readonly string[] {
  return events.flatMap(({ files }) => files.map(({ id }) => id));
}

test('an album is one event with all its pictures and its caption, in one chat with its first message', async () => {
  const fake = await startFake();
  const sink = createTestSink();
  start(fake, sink);
  const updates = fake.userAlbum(photos(3, 'Which one?'));
  await until(() => sink.events.length === 1);
  const [event] = sink.events;
  expect(event).toMatchObject({
    kind: 'message',
    chat: { chat: '7' },
    text: 'Which one?',
    messageId: String(Reflect.get(Object(updates[0]?.['message']), 'message_id')),
  });
  expect(event?.platformId).toMatch(/^album:7:\d+$/);
  expect(filesIn(sink.events)).toEqual(idsIn(updates));
  expect(JSON.parse(event?.raw ?? '')).toEqual(updates);
});

test('ten pictures are all there can be; what is said behind an album comes behind it', async () => {
  const fake = await startFake();
  const sink = createTestSink();
  fake.userAlbum(photos(10));
  fake.userAlbum(photos(2));
  fake.userText('and this?');
  start(fake, sink);
  await until(() => fake.confirmed.length === 13);
  expect(sink.events.map(({ text, files }) => [text, files.length])).toEqual([
    ['', 10],
    ['', 2],
    ['and this?', 0],
  ]);
});

test('a caption under any picture is the caption; what the album answers is said once', async () => {
  const fake = await startFake();
  const sink = createTestSink();
  const answered = { messageId: 4, from: { id: 8, first_name: 'Bob' } };
  start(fake, sink);
  fake.userAlbum([{ bytes: leaf }, { bytes: leaf, caption: 'this one' }], { replyTo: answered });
  await until(() => sink.events.length === 1);
  expect(sink.events[0]?.text).toBe('this one\n\n[in reply to Bob]');
});

test('in a group an album whose caption names the bot is meant for it', async () => {
  const fake = await startFake();
  const sink = createTestSink();
  start(fake, sink);
  fake.userAlbum(photos(2, '@thebot look'), { chat: { id: -5, type: 'supergroup' } });
  await until(() => sink.events.length === 1);
  expect(sink.events[0]).toMatchObject({ addressed: true, text: 'look' });
});

test('a process that dies before an album is whole: the next one has all of it, though it was confirmed', async () => {
  const fake = await startFake();
  const before = createTestSink();
  const dying = start(fake, before, { clock: createAlbumClock(false) });
  const first = fake.userAlbum(photos(2, 'look'));
  await until(() => fake.confirmed.length === 2);
  expect(before.events).toEqual([]);
  await dying.stop();
  const after = createTestSink({ cursor: before.cursorText() });
  start(fake, after);
  await until(() => after.events.length === 1);
  expect(filesIn(after.events)).toEqual(idsIn(first));
  expect(after.cursorText()).not.toContain('file-1');
});

test('pictures that come again, or late, make no second album and are not lost', async () => {
  const fake = await startFake();
  const sink = createTestSink();
  start(fake, sink);
  const updates = fake.userAlbum(photos(3));
  await until(() => sink.events.length === 1);
  for (const update of updates) fake.again(update);
  const [late] = updates;
  const message = Object(late?.['message']);
  const more = fake.push({
    message: {
      ...message,
      message_id: 900,
      photo: [{ file_id: 'late', file_unique_id: 'l', width: 1, height: 1 }],
    },
  });
  await until(() => sink.events.length === 2);
  await until(() => fake.confirmed.includes(more.update_id));
  expect(filesIn(sink.events.slice(1))).toEqual(['late']);
  expect(sink.offered).toHaveLength(2);
});

test('an album that cannot be stored is tried again', async () => {
  const fake = await startFake();
  const sink = createTestSink({ rejectAccepts: 2 });
  const { log } = start(fake, sink);
  fake.userAlbum(photos(2));
  await until(() => sink.events.length === 1);
  expect(filesIn(sink.events)).toHaveLength(2);
  expect(JSON.stringify(log.lines)).toContain('disk full');
});

test('webhook mode: each picture is committed before its 200, in whatever order and split they come', async () => {
  const fake = await startFake();
  const updates = fake.userAlbum(photos(4, 'all'));
  const expected = [...idsIn(updates)].sort();
  const order = fc.shuffledSubarray([...updates, ...updates], { minLength: 8, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      order,
      fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
      async (sent, restarts) => {
        let sink = createTestSink();
        const seen: InboundEvent[] = [];
        let running = await hook(fake, sink);
        for (const [index, update] of sent.entries()) {
          expect(await running.post(update)).toBe(200);
          if (restarts[index] !== true) continue;
          await running.stop();
          seen.push(...sink.events);
          sink = createTestSink({ cursor: sink.cursorText() });
          running = await hook(fake, sink);
        }
        const last = sink;
        await until(() => filesIn([...seen, ...last.events]).length === expected.length);
        await running.stop();
        expect([...filesIn([...seen, ...last.events])].sort()).toEqual(expected);
        const ids = [...seen, ...last.events].map(({ platformId }) => platformId);
        expect(new Set(ids).size).toBe(ids.length);
      },
    ),
    { numRuns: 25 },
  );
});

async function hook(fake: FakeTelegram, sink: TestSink) {
  const webhook = { url: 'http://127.0.0.1:9/hooks/telegram', secret: 's3cret' };
  const adapter: AdapterPort = createTelegram(createTestDeps(), { token, apiRoot: fake.url, webhook });
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  await until(() => sink.states.at(-1)?.state === 'up');
  return {
    post: async (update: Update): Promise<number | undefined> => {
      const headers = { 'x-telegram-bot-api-secret-token': 's3cret' };
      const request = new Request(webhook.url, { method: 'POST', headers, body: JSON.stringify(update) });
      return (await adapter.handle?.(request))?.status;
    },
    stop: async (): Promise<void> => {
      abort.abort();
      await ended;
    },
  };
}
