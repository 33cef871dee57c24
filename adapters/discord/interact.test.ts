import { afterEach, beforeEach, expect, test } from 'vitest';
import { chatCommands } from '#core/command.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { ann, type FakeDiscord, generalId, startFakeDiscord } from '#test/fakes/discord/index.ts';
import { createTestDeps, createTestSink, type SinkFaults, type TestSink } from '#test/fakes/sink.ts';
import { until } from '#test/until.ts';
import { createDiscord } from './index.ts';

const token = 'MTAwMDAw.test-token.of-the-interaction-tests';
const callbacks = 'POST /interactions/:id/:token/callback';
const placeholder = 'DELETE /webhooks/:id/:token/messages/@original';
const menu = 'PUT /applications/:id/commands';
let fake: FakeDiscord;
let deps: ReturnType<typeof createTestDeps>;
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  fake = await startFakeDiscord({ token });
  deps = createTestDeps();
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  await fake.close();
});

async function connected(
  faults: SinkFaults = {},
): Promise<{ readonly sink: TestSink; readonly adapter: AdapterPort }> {
  const sink = createTestSink(faults);
  const adapter = createDiscord(deps, { token, apiRoot: `${fake.url}/api` });
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  stops.push(async () => {
    abort.abort();
    if (faults.acceptNever !== true) await ended;
    await adapter.close();
  });
  await until('it is up', () => sink.states.at(-1)?.state === 'up');
  return { sink, adapter };
}

const callsOf = (route: string): FakeDiscord['calls'] => fake.calls.filter((call) => call.route === route);

test('a slash command is an event, deferred once it is stored, and its placeholder goes', async () => {
  const { sink } = await connected();
  const { token: secret } = fake.slash('model', 'gpt-x');
  const event = await until('it came', () => sink.events[0]);
  expect(event).toMatchObject({ kind: 'message', text: '/model gpt-x', addressed: true, direct: false });
  await until('the placeholder is gone', () => callsOf(placeholder).length === 1);
  const [deferred] = callsOf(callbacks);
  expect(deferred?.body).toEqual({ type: 5, data: { flags: 64 } });
  expect(deferred?.path).toContain(secret);
  // With it anybody may answer for the bot.
  expect(event.raw).toContain('gpt-x');
  expect(event.raw).not.toContain(secret);
  expect([deferred?.authorization, callsOf(placeholder)[0]?.authorization]).toEqual([null, null]);
});

test('a button is an event of its own kind; pressed twice it is two presses of one decision', async () => {
  const { sink } = await connected();
  const place = fake.direct(ann.id).id;
  const first = fake.press('/approve 7F3K', { id: '77', channel_id: place });
  fake.deliver(first.payload);
  fake.press('/approve 7F3K', { id: '77', channel_id: place });
  await until('all are deferred', () => callsOf(callbacks).length === 3);
  expect(sink.events.map(({ kind, text, replyTo }) => [kind, text, replyTo])).toEqual([
    ['button', '/approve 7F3K', '77'],
    ['button', '/approve 7F3K', '77'],
  ]);
  expect(callsOf(callbacks).every(({ body }) => body['type'] === 6)).toBe(true);
});

test('when storing takes too long it is deferred before Discord gives up', async () => {
  const { clock } = deps;
  const limits: number[] = [];
  const after = (ms: number, run: () => void): (() => void) => {
    if (ms < 5_000) limits.push(ms);
    return clock.after(ms < 5_000 ? 20 : ms, run);
  };
  deps = { ...deps, clock: { ...clock, after } };
  const { sink } = await connected({ acceptNever: true });
  limits.length = 0;
  fake.slash('status', null);
  await until('it is deferred', () => callsOf(callbacks).length === 1);
  expect(limits).toEqual([2_000]); // of Discord's 3,000
  await until('it was about to be stored', () => sink.offered.length === 1);
  expect(callsOf(placeholder)).toEqual([]);
});

test('that Discord has given up on it changes nothing', async () => {
  const { sink } = await connected();
  fake.failNext(callbacks, { status: 404, body: { code: 10062, message: 'Unknown interaction' } });
  fake.slash('status', null);
  fake.say('after it');
  await until('both came', () => sink.events.length === 2);
});

test('the menu is sent once, and again only when it is another one', async () => {
  await connected();
  const [call] = [await until('it is sent', () => callsOf(menu)[0])];
  const { list } = call.body;
  const names = Array.isArray(list) ? list.map((entry: unknown): unknown => Object(entry).name) : [];
  expect(names).toEqual(Object.keys(chatCommands));
  for (const name of names) expect(name).toMatch(/^[a-z]{1,32}$/);
  await until('it is known', () => deps.state.get('commands'));
  const { sink } = await connected();
  fake.say('hello', { place: generalId });
  await until('the second one works', () => sink.events.length === 1);
  expect(callsOf(menu)).toHaveLength(1);
});
