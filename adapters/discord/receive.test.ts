import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import type { AdapterPort } from '#core/ports/adapter.ts';
import {
  ann,
  bot,
  type FakeDiscord,
  generalId,
  refusal,
  route,
  startFakeDiscord,
  threadId,
} from '#test/fakes/discord/index.ts';
import {
  createHastyClock,
  createTestDeps,
  createTestLog,
  createTestSink,
  type SinkFaults,
  type TestDeps,
  type TestSink,
} from '#test/fakes/sink.ts';
import { say } from '#test/contract/adapter.ts';
import { until } from '#test/until.ts';
import { createDiscord } from './index.ts';

const token = 'MTAwMDAw.test-token.of-the-receive-tests';
const random = '400000000000000009';
let fake: FakeDiscord;
let deps: TestDeps & { readonly clock: ReturnType<typeof createHastyClock> };
let log: ReturnType<typeof createTestLog>;
let running: (() => Promise<void>)[];

beforeEach(async () => {
  log = createTestLog();
  const clock = createHastyClock();
  deps = { ...createTestDeps(log, clock), clock };
  running = [];
  await open();
});
afterEach(async () => {
  for (const stop of running) await stop();
  await fake.close();
});

async function open(heartbeatMs?: number): Promise<void> {
  fake = await startFakeDiscord({ token, ...(heartbeatMs === undefined ? {} : { heartbeatMs }) });
  fake.addPlace({ id: random, type: 0, name: 'random', parent: null });
}

interface Running {
  readonly sink: TestSink;
  readonly adapter: AdapterPort;
  stop(): Promise<void>;
}

function start(faults: SinkFaults = {}, withToken = token): Running {
  const sink = createTestSink(faults);
  const adapter = createDiscord(deps, { token: withToken, apiRoot: `${fake.url}/api` });
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    if (faults.acceptNever !== true) await ended;
    await adapter.close();
  };
  running.push(stop);
  return { sink, adapter, stop };
}

async function connected(faults: SinkFaults = {}): Promise<Running> {
  const before = fake.log.length;
  const made = start(faults);
  await until('it is up', () => made.sink.states.at(-1)?.state === 'up' && fake.log.length > before);
  return made;
}

const textsOf = ({ sink }: Running): readonly string[] => sink.events.map(({ text }) => text);
const ids = (sink: TestSink): readonly string[] => sink.events.map(({ platformId }) => platformId);

/** Everybody speaks everywhere, and the bot hears it. */
async function heardEverywhere(): Promise<Running> {
  const first = await connected();
  fake.say('dm 1');
  for (const place of [generalId, random, threadId]) fake.say(`<@${bot.id}> hello`, { place });
  await until('all is heard', () => first.sink.events.length === 4);
  return first;
}

test('a restart resumes the session behind the last commit: nothing is missing, not even a press', async () => {
  const first = await heardEverywhere();
  await first.stop();
  fake.say('dm 2');
  fake.press('/approve 7F3K', { id: '1', channel_id: fake.direct(ann.id).id });
  const second = await connected({ cursor: first.sink.cursorText() });
  await until('both came', () => second.sink.events.length === 2);
  expect(textsOf(second)).toEqual(['dm 2', '/approve 7F3K']);
  expect(fake.log).toEqual(['IDENTIFY', expect.stringMatching(/^RESUME@\d+$/)]);
  expect(fake.calls.some((call) => call.route === route.history)).toBe(false);
});

test('a session that is forgotten: all channels, threads and direct chats are read back, in order, before what is new', async () => {
  const first = await heardEverywhere();
  await first.stop();
  fake.forgetSessions();
  for (let i = 1; i <= 103; i += 1) fake.say(`general ${i}`, { place: generalId });
  fake.say('random 1', { place: random });
  fake.say('thread 1', { place: threadId });
  fake.say('dm 2');
  const second = start({ cursor: first.sink.cursorText() });
  await until('it identified', () => fake.log.filter((line) => line === 'IDENTIFY').length === 2);
  fake.say('general live', { place: generalId });
  const wanted = ['general live', 'random 1', 'thread 1', 'dm 2'];
  await until('all came', () => wanted.every((text) => textsOf(second).includes(text)));
  const inGeneral = textsOf(second).filter((text) => text.startsWith('general'));
  const all = Array.from({ length: 103 }, (_, i) => `general ${i + 1}`);
  expect(inGeneral).toEqual([...all, 'general live']);
  expect(second.sink.events.find(({ text }) => text === 'thread 1')?.chat).toEqual({
    channel: 'discord',
    chat: generalId,
    thread: threadId,
  });
  expect(new Set(ids(second.sink)).size).toBe(second.sink.events.length);
});

test('a crash while it reads back: the next one begins that anew', async () => {
  const first = await heardEverywhere();
  await first.stop();
  fake.forgetSessions();
  for (let i = 1; i <= 3; i += 1) fake.say(`random ${i}`, { place: random });
  const dying = start({ cursor: first.sink.cursorText(), acceptNever: true });
  await until('it was about to store', () => dying.sink.offered.length > 0);
  await dying.stop();
  const third = await connected({ cursor: first.sink.cursorText() });
  await until('all came', () => textsOf(third).includes('random 3'));
  expect(textsOf(third).filter((text) => text.startsWith('random'))).toEqual([
    'random 1',
    'random 2',
    'random 3',
  ]);
});

test('a first message of somebody new is not lost when the first commit never was', async () => {
  const dying = start({ acceptNever: true });
  await until('it is up', () => dying.sink.states.at(-1)?.state === 'up');
  fake.say('a stranger in a direct chat');
  await until('it was about to store', () => dying.sink.offered.length > 0);
  await dying.stop();
  const second = await connected();
  await until('it came again', () => second.sink.events.length === 1);
  expect(ids(second.sink)).toEqual(dying.sink.offered.map(({ platformId }) => platformId));
});

test('five times and out of order: each is one event', async () => {
  const { sink } = await connected();
  const said = ['one', 'two', 'three'].map((text) => fake.say(text).message);
  for (let round = 0; round < 5; round += 1) for (const message of said.toReversed()) fake.again(message);
  await until('all is received', () => fake.acknowledged.size === 18);
  expect(sink.offered).toHaveLength(18);
  expect(sink.events.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
});

test('what cannot be stored is not acknowledged, and the order holds when it can', async () => {
  const made = await connected({ rejectAccepts: 1 });
  for (const text of ['one', 'two', 'three']) fake.say(text);
  await until('all is received', () => fake.acknowledged.size === 3);
  expect(textsOf(made)).toEqual(['one', 'two', 'three']);
  expect(made.sink.states.map(({ why }) => why)).toContainEqual(expect.stringContaining('disk full'));
});

test('a dropped connection and one that Discord asks to renew are resumed', async () => {
  const made = await connected();
  fake.drop(4000);
  await until('it is down', () => made.sink.states.some(({ state }) => state === 'down'));
  fake.say('meanwhile');
  await until('it resumed', () => textsOf(made).length === 1);
  fake.reconnect();
  await until('it came again', () => fake.log.length === 3);
  fake.say('and again');
  await until('it goes on', () => textsOf(made).length === 2);
  expect(fake.log.filter((line) => line === 'IDENTIFY')).toHaveLength(1);
  expect(deps.clock.slept.slice(0, 1)).toEqual([1_000]);
});

test('a socket gone silent is noticed by its heartbeat, shows as down and is made anew', async () => {
  await fake.close();
  await open(300);
  const made = await connected();
  fake.mute(true);
  const since = performance.now();
  await until('it is down', () => made.sink.states.at(-1)?.state === 'down');
  expect(performance.now() - since).toBeLessThan(10_000); // the library alone would say so after half a minute
  expect(made.sink.states.at(-1)?.why).toContain('silent');
  fake.mute(false);
  fake.say('are you there?');
  await until('it is heard', () => textsOf(made).length === 1);
  await until('it is up', () => made.sink.states.at(-1)?.state === 'up');
});

test('frames of a shape that nobody expects end the connection at most, never the process', async () => {
  const made = await connected();
  const odd = [{ op: 0 }, { op: 0, t: 'READY', s: 1, d: null }, { op: 9, d: null }, { op: 10 }, [], 'no', 7];
  for (const frame of odd) {
    await until('it is up', () => made.sink.states.at(-1)?.state === 'up' && fake.sockets() === 1);
    fake.frame(JSON.stringify(frame));
    fake.frame('{');
  }
  fake.say('still there?');
  await until('it is heard', () => textsOf(made).includes('still there?'));
  for (const line of fake.log) expect(line).toMatch(/^(IDENTIFY|RESUME@\d+)$/);
});

test('while Discord cannot be reached the pauses are 1, 2, 4, 8, 16, 16 seconds', async () => {
  const { url } = fake;
  await fake.close();
  const sink = createTestSink();
  const adapter = createDiscord(deps, { token, apiRoot: `${url}/api` });
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  await until('six tries', () => deps.clock.slept.length >= 6);
  abort.abort();
  await ended;
  await adapter.close();
  expect(deps.clock.slept.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 16_000]);
  expect(sink.states).toEqual([{ state: 'down', why: 'no connection to Discord (connect ECONNREFUSED)' }]);
  await open();
});

test('refused intents say what to switch on, and it is asked seldom', async () => {
  fake.refuseWith(4014);
  const { sink } = start();
  await until('it is down', () => sink.states.at(-1)?.state === 'down');
  expect(sink.states.at(-1)?.why).toContain('Message Content Intent is off');
  await until('it pauses', () => deps.clock.slept.some((ms) => ms >= 60_000));
});

test('a refused token makes one call and then a long pause', async () => {
  const { sink } = start({}, 'wrong.token');
  await until('it is down', () => sink.states.at(-1)?.state === 'down');
  expect(sink.states.at(-1)?.why).toContain('refuses the bot token');
  expect(deps.clock.slept[0]).toBe(60_000);
});

test('with a token that was refused nothing leaves any more', async () => {
  const adapter = createDiscord(deps, { token: 'wrong.token', apiRoot: `${fake.url}/api` });
  const address = { channel: 'discord', chat: generalId, thread: null };
  for (const id of ['dlv_1', 'dlv_2', 'dlv_3'] as const) {
    const delivery = { id, address, body: say('x'), targetPlatformId: null };
    const result = await adapter.send(delivery, new AbortController().signal);
    expect(result).toMatchObject({ ok: false, error: { type: 'transient' } });
  }
  await adapter.close();
  expect(fake.calls).toHaveLength(1);
});

/** Somebody else's gateway. Under its name it is another host than the fake's 127.0.0.1. */
async function strangeHost(): Promise<{ readonly url: string; readonly visits: () => number }> {
  let visits = 0;
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    visits += 1;
    socket.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.close();
  });
  const at = server.address();
  return { url: `ws://localhost:${typeof at === 'object' ? at?.port : ''}`, visits: () => visits };
}

test('a gateway that is not on a host of Discord is not connected to: it would get the token', async () => {
  const { url, visits } = await strangeHost();
  const limits = { total: 1, remaining: 1, reset_after: 1, max_concurrency: 1 };
  const body = { url, shards: 1, session_start_limit: limits };
  fake.failNext('GET /gateway/bot', { status: 200, body });
  const { sink } = start();
  await until('it is down', () => sink.states.at(-1)?.state === 'down');
  expect(sink.states.at(-1)?.why).toContain('host');
  expect(visits()).toBe(0);
});

test('a session is not resumed at a host that is not of Discord', async () => {
  const first = await connected();
  await first.stop();
  const { url, visits } = await strangeHost();
  const kept = (await deps.state.get('session')) ?? '';
  await deps.state.set('session', kept.replace(fake.url.replace('http', 'ws'), url));
  expect(await deps.state.get('session')).toContain(url);
  await connected();
  expect(fake.log.at(-1)).toContain('RESUME');
  expect(visits()).toBe(0);
});

test('an abort leaves no socket behind, even of a peer that is silent', async () => {
  const { stop } = await connected();
  fake.mute(true);
  const since = performance.now();
  await stop();
  expect(performance.now() - since).toBeLessThan(1_000);
  await vi.waitFor(() => expect(fake.sockets()).toBe(0));
});

test('deletions, one and many, and an edit; a preview of a link says nothing', async () => {
  const made = await connected();
  const [a, b, c] = ['a', 'b', 'c'].map((text) => fake.say(text, { place: random }).message);
  if (a === undefined || b === undefined || c === undefined) throw new Error('nobody spoke');
  fake.edit(a, 'a, but better');
  fake.unfurl(b);
  fake.remove(a);
  fake.remove(b, c);
  await until('all is received', () => fake.acknowledged.size === 7);
  expect(made.sink.events.slice(3).map(({ kind, messageId, text }) => [kind, messageId, text])).toEqual([
    ['edit', a.id, 'a, but better'],
    ['deletion', a.id, ''],
    ['deletion', b.id, ''],
    ['deletion', c.id, ''],
  ]);
});

test('a channel that Discord does not let us read does not hold up the others', async () => {
  const first = await heardEverywhere();
  await first.stop();
  fake.forgetSessions();
  for (const place of [generalId, random]) fake.say('missed', { place });
  fake.failNext(route.history, refusal(403, 50001, 'Missing Access'));
  fake.failNext(route.history, refusal(502, 0, 'Bad Gateway'));
  const second = await connected({ cursor: first.sink.cursorText() });
  await until('the other came', () => textsOf(second).includes('missed'));
  fake.say('live');
  await until('it goes on', () => textsOf(second).includes('live'));
});

test('a thread that began while nobody looked is asked for: it stands under its channel', async () => {
  const made = await connected();
  fake.addPlace({ id: '400000000000000077', type: 11, name: 'new', parent: random });
  fake.say(`<@${bot.id}> in a new thread`, { place: '400000000000000077' });
  const event = await until('it came', () => made.sink.events[0]);
  expect(event.chat).toEqual({ channel: 'discord', chat: random, thread: '400000000000000077' });
});
