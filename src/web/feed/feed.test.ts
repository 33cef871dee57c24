import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConversationId } from '#core/ids.ts';
import type { Kernel } from '../testing/kernel.ts';
import { type SseReader, readSse } from '../testing/sse.ts';
import { testWeb } from '../testing/web.ts';
import { createFeed } from './feed.ts';

type Web = ReturnType<typeof testWeb>;

const feedOf = (web: Web, query = ''): Promise<SseReader> =>
  web.request(`/api/events${query}`).then((response) => readSse(response.body));

async function startConversation(web: Web, text = 'hello'): Promise<ConversationId> {
  await web.request('/api/messages', { method: 'POST', body: JSON.stringify({ text }) });
  const [conversation = 'cnv_none'] = web.kernel.conversations.keys();
  return conversation;
}

const note = (text: string) => ({ kind: 'notice', text }) as const;

test('a step is an event with its number, its kind and its fields', async () => {
  const web = testWeb();
  const conversation = await startConversation(web);
  await expect.poll(() => web.kernel.steps.length).toBe(3);
  const reader = await feedOf(web, '?after=0');
  const turn = 'trn_000001';
  expect(await reader.nextData()).toMatchObject({
    id: '1',
    event: 'input',
    data: { conversation, turn, kind: 'input', event: 'evt_000001', text: 'hello', name: 'owner' },
  });
  expect(await reader.nextData()).toMatchObject({
    id: '2',
    event: 'reply',
    data: { conversation, turn, text: 'You said: hello', finish: 'stop' },
  });
  expect(await reader.nextData()).toMatchObject({ id: '3', event: 'end', data: { status: 'done' } });
  await reader.cancel();
});

test('without a number it starts from now, and says from where to resume', async () => {
  const web = testWeb();
  const conversation = await startConversation(web);
  await expect.poll(() => web.kernel.steps.length).toBe(3);
  const reader = await feedOf(web);
  expect(await reader.next()).toMatchObject({ id: '3', data: null });
  web.kernel.say(conversation, note('now'));
  expect(await reader.nextData()).toMatchObject({ id: '4', event: 'notice', data: { text: 'now' } });
  await reader.cancel();
});

test('a number from the future starts from now instead of waiting for it', async () => {
  const web = testWeb();
  const conversation = await startConversation(web);
  await expect.poll(() => web.kernel.steps.length).toBe(3);
  const response = await web.request('/api/events', { headers: { 'last-event-id': '999' } });
  const reader = readSse(response.body);
  expect(await reader.next()).toMatchObject({ id: '3' });
  web.kernel.say(conversation, note('now'));
  expect(await reader.nextData()).toMatchObject({ id: '4' });
  await reader.cancel();
});

test('the header of a reconnecting browser counts more than the address it once asked for', async () => {
  const web = testWeb();
  await startConversation(web);
  await expect.poll(() => web.kernel.steps.length).toBe(3);
  const response = await web.request('/api/events?after=0', { headers: { 'last-event-id': '2' } });
  const reader = readSse(response.body);
  expect(await reader.nextData()).toMatchObject({ id: '3' });
  await reader.cancel();
});

test('deltas, restarts and waiting are events without a number', async () => {
  const web = testWeb();
  const reader = await feedOf(web);
  await reader.next();
  web.kernel.script = (turn) => {
    turn.waiting('rate limit');
    turn.delta('Hel');
    turn.restart();
    turn.delta('Hello');
    turn.reply('Hello');
    turn.end('done');
  };
  const conversation = await startConversation(web);
  const events = [];
  for (let i = 0; i < 7; i += 1) events.push(await reader.nextData());
  const at = { conversation, turn: 'trn_000001' };
  expect(events.slice(1, 5)).toEqual([
    { id: null, event: 'waiting', data: { ...at, reason: 'rate limit' } },
    { id: null, event: 'delta', data: { ...at, text: 'Hel' } },
    { id: null, event: 'restart', data: at },
    { id: null, event: 'delta', data: { ...at, text: 'Hello' } },
  ]);
  expect(events.map(({ event }) => event)).toEqual([
    'input',
    'waiting',
    'delta',
    'restart',
    'delta',
    'reply',
    'end',
  ]);
  await reader.cancel();
});

test('who comes in the middle of an answer gets what was written so far, once', async () => {
  const web = testWeb();
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  web.kernel.script = async (turn) => {
    turn.delta('One, two');
    await goOn;
    turn.delta(', three');
    turn.reply('One, two, three');
    turn.end('done');
  };
  const conversation = await startConversation(web);
  await expect.poll(() => web.kernel.partials.size).toBe(1);
  const reader = await feedOf(web, `?conversation=${conversation}&after=0`);
  expect(await reader.nextData()).toMatchObject({ event: 'input' });
  expect(await reader.nextData()).toMatchObject({ id: null, event: 'delta', data: { text: 'One, two' } });
  resolve();
  expect(await reader.nextData()).toMatchObject({ event: 'delta', data: { text: ', three' } });
  expect(await reader.nextData()).toMatchObject({ event: 'reply', data: { text: 'One, two, three' } });
  await reader.cancel();
});

test('one conversation is filtered out of all, and an unknown one is not found', async () => {
  const web = testWeb();
  const first = await startConversation(web);
  const reader = await feedOf(web, `?conversation=${first}`);
  await reader.next();
  web.kernel.say('cnv_other', note('elsewhere'));
  web.kernel.say(first, note('here'));
  expect(await reader.nextData()).toMatchObject({ event: 'notice', data: { text: 'here' } });
  await reader.cancel();
  expect((await web.request('/api/events?conversation=cnv_none')).status).toBe(404);
  expect((await web.request('/api/events', { headers: { 'last-event-id': 'x' } })).status).toBe(400);
});

test('the page gets each step drawn, and the Markdown of an answer goes through the renderer', async () => {
  const web = testWeb();
  web.kernel.script = (turn) => {
    turn.reply('**bold** <script>');
    turn.end('done');
  };
  await startConversation(web);
  await expect.poll(() => web.kernel.steps.length).toBe(3);
  const reader = await feedOf(web, '?after=1&html=1');
  const { data } = await reader.nextData();
  expect(data).toMatchObject({ html: expect.stringContaining('<strong>bold</strong> &lt;script>') });
  expect(await reader.nextData()).toMatchObject({ event: 'end', data: { html: '' } });
  await reader.cancel();
});

test('a heartbeat goes out while nothing happens', async () => {
  const beats: (() => void)[] = [];
  const web = testWeb({
    clock: {
      now: () => 1,
      elapsed: () => 1,
      sleep: () => Promise.resolve(),
      after: (ms, run) => {
        if (ms === 15_000) beats.push(run);
        return () => undefined;
      },
    },
  });
  const reader = await feedOf(web);
  await reader.next();
  beats[0]?.();
  expect(await reader.next()).toMatchObject({ comment: 'alive', data: null });
  expect(beats).toHaveLength(2);
  await reader.cancel();
});

test('a reader that does not read is let go, and misses nothing when it resumes', async () => {
  const web = testWeb();
  const conversation = await startConversation(web);
  await expect.poll(() => web.kernel.steps.length).toBe(3);
  const feed = createFeed(
    { ...web.deps, runningTurns: async () => [], stepToHtml: () => '' },
    { maxBytes: 1_000_000, maxEvents: 10 },
  );
  const slow = readSse(feed.open({ conversation: null, after: null, html: false }));
  await slow.next();
  web.kernel.partials.set('trn_x', 'live');
  for (const listener of web.kernel.liveListeners) {
    listener({ type: 'delta', conversation, turn: 'trn_x', text: 'live' });
  }
  // Its partial text comes with the switch from replay to live.
  expect(await slow.nextData()).toMatchObject({ event: 'delta' });
  for (let i = 0; i < 50; i += 1) web.kernel.say(conversation, note(`${i}`));
  const seen = await drain(slow);
  expect(seen.length).toBeLessThan(50);
  const again = readSse(feed.open({ conversation: null, after: seen.at(-1) ?? 3, html: false }));
  await again.next();
  const rest = [];
  while (seen.length + rest.length < 50) rest.push(Number((await again.nextData()).id));
  expect([...seen, ...rest]).toEqual(Array.from({ length: 50 }, (_, i) => i + 4));
  await again.cancel();
  expect(web.kernel.commitListeners.size).toBe(0);
  expect(web.kernel.liveListeners.size).toBe(0);
});

test('however often a reader is cut off, every step comes once and in order', async () => {
  const action = fc.oneof(
    fc.record({ type: fc.constant('commit' as const), count: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ type: fc.constant('cut' as const), after: fc.integer({ min: 0, max: 30 }) }),
    fc.record({ type: fc.constant('delta' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 450 }),
      fc.array(action, { maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 5 })),
      async (before, actions, delays) => {
        const web = testWeb();
        const conversation = await startConversation(web);
        await expect.poll(() => web.kernel.steps.length).toBe(3);
        for (let i = 0; i < before; i += 1) web.kernel.say(conversation, note(`${i}`));
        const pause = async (): Promise<void> => {
          for (let i = delays.next().value ?? 0; i > 0; i -= 1) await Promise.resolve();
        };
        const scene = { kernel: web.kernel, conversation, actions, pause };
        const seen = await readThrough(slowed(web, pause), scene);
        expect(seen).toEqual(web.kernel.steps.map(({ seq }) => seq));
        expect(web.kernel.commitListeners.size).toBe(0);
      },
    ),
    { numRuns: 40 },
  );
});

/** The feed over a store that takes its time, so that commits fall between any two reads. */
function slowed(web: Web, pause: () => Promise<void>): ReturnType<typeof createFeed> {
  const { steps } = web.deps;
  return createFeed({
    ...web.deps,
    steps: {
      since: async (query) => {
        await pause();
        const page = await steps.since(query);
        await pause();
        return page;
      },
      lastSeq: async () => {
        await pause();
        return steps.lastSeq();
      },
    },
    runningTurns: async () => [],
    stepToHtml: () => '',
  });
}

type Action =
  | { readonly type: 'commit'; readonly count: number }
  | { readonly type: 'cut'; readonly after: number }
  | { readonly type: 'delta' };

interface Scene {
  readonly kernel: Kernel;
  readonly conversation: ConversationId;
  readonly actions: readonly Action[];
  readonly pause: () => Promise<void>;
}

async function readThrough(feed: ReturnType<typeof createFeed>, scene: Scene): Promise<number[]> {
  const { kernel, conversation } = scene;
  const seen: number[] = [];
  let reader = readSse(feed.open({ conversation: null, after: 0, html: false }));
  const read = async (): Promise<void> => {
    const { id } = await reader.nextData();
    if (id !== null) seen.push(Number(id));
  };
  for (const action of scene.actions) {
    if (action.type === 'commit') {
      for (let i = 0; i < action.count; i += 1) {
        kernel.say(conversation, note(`${i}`));
        await scene.pause();
      }
    } else if (action.type === 'delta') {
      const live = { type: 'delta', conversation, turn: 'trn_x', text: '.' } as const;
      for (const listener of kernel.liveListeners) listener(live);
    } else {
      for (let i = 0; i < action.after && seen.length < kernel.steps.length; i += 1) await read();
      await reader.cancel();
      reader = readSse(feed.open({ conversation: null, after: seen.at(-1) ?? 0, html: false }));
    }
  }
  while (seen.length < kernel.steps.length) await read();
  await reader.cancel();
  return seen;
}

async function drain(reader: SseReader): Promise<number[]> {
  const seen: number[] = [];
  for (let block = await reader.next(); block !== null; block = await reader.next()) {
    if (block.id !== null) seen.push(Number(block.id));
  }
  return seen;
}
