import http from 'node:http';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { chatCommands } from '#core/command.ts';
import type { AdapterPort, AdapterStatePort } from '#core/ports/adapter.ts';
import { until } from '#test/contract/adapter.ts';
import {
  createHastyClock,
  createTestDeps,
  createTestLog,
  createTestSink,
  type SinkFaults,
  type TestLog,
  type TestSink,
} from '#test/fakes/sink.ts';
import { ann, type FakeTelegram, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { createTelegram } from './index.ts';
import { parseUpdate } from './parse.ts';
import type { TelegramSettings } from './settings.ts';

const token = '123456789:a-token-for-receiving-tests';
const bot = { id: 42, username: 'thebot' };
const dayMs = 24 * 3_600_000;

interface Setup extends SinkFaults {
  readonly token?: string;
  readonly webhook?: TelegramSettings['webhook'];
  readonly now?: number;
  readonly state?: Pick<AdapterStatePort, 'get' | 'set'>;
  /** Before the adapter starts. */
  readonly before?: (fake: FakeTelegram) => void;
}

interface Running {
  readonly fake: FakeTelegram;
  readonly adapter: AdapterPort;
  readonly sink: TestSink;
  readonly log: TestLog;
  readonly slept: readonly number[];
  readonly polls: () => readonly Readonly<Record<string, unknown>>[];
}

async function run(setup: Setup = {}): Promise<Running> {
  const fake = await startFakeTelegram({ token });
  setup.before?.(fake);
  const clock = createHastyClock(() => setup.now ?? Date.now());
  const log = createTestLog();
  const settings = { token: setup.token ?? token, apiRoot: fake.url, webhook: setup.webhook ?? null };
  const deps = createTestDeps(log, clock);
  const adapter = createTelegram({ ...deps, state: { ...deps.state, ...setup.state } }, settings);
  const sink = createTestSink(setup);
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  onTestFinished(async () => {
    abort.abort();
    await ended;
    await fake.close();
  });
  const polls = (): Running['fake']['calls'][number]['params'][] =>
    fake.calls.filter((call) => call.method === 'getUpdates').map((call) => call.params);
  return { fake, adapter, sink, log, slept: clock.slept, polls };
}

test('readiness does not wait for the first long poll', async () => {
  const { sink, polls } = await run();
  await until(() => polls().length === 2);
  expect(sink.states).toEqual([{ state: 'up', why: 'connected' }]);
  expect(polls()).toMatchObject([{ timeout: 0 }, { timeout: 30 }]);
  expect(polls()[0]?.['allowed_updates']).toEqual([
    'message',
    'edited_message',
    'callback_query',
    'message_reaction',
  ]);
});

test('the offset and the time of the last update are the cursor', async () => {
  const { fake, sink, polls } = await run({ now: 5_000 });
  const { update_id: id } = fake.userText('hello');
  await until(() => fake.confirmed.length === 1);
  expect(sink.cursorText()).toBe(`${id + 1}@5000`);
  expect(polls().at(-1)).toMatchObject({ offset: id + 1 });
});

test('a stored offset is used for six days and then forgotten', async () => {
  const now = 1_790_000_000_000;
  const recent = await run({ now, cursor: `150@${now - 5.9 * dayMs}` });
  await until(() => recent.polls().length > 0);
  expect(recent.polls()[0]).toMatchObject({ offset: 150 });
  const old = await run({ now, cursor: `150@${now - 6.1 * dayMs}` });
  await until(() => old.polls().length > 0);
  expect(old.polls()[0]).not.toHaveProperty('offset');
});

test('an update that cannot be read is logged with its id', async () => {
  const { fake, log } = await run();
  const { update_id: id } = fake.push({ message: { from: ann, text: 7 } });
  await until(() => fake.confirmed.length === 1);
  expect(log.lines).toMatchObject([{ event: 'event.skipped', updateId: id }]);
});

test('another poller: down with the reason, and back when it is gone', async () => {
  const { fake, sink, polls } = await run();
  await until(() => polls().length === 2);
  const rival = await fetch(`${fake.url}/bot${token}/getUpdates`, { method: 'POST' });
  expect(rival.status).toBe(200);
  await until(() => sink.states.length === 3);
  expect(sink.states.map(({ state }) => state)).toEqual(['up', 'down', 'up']);
  expect(sink.states[1]?.why).toContain('another program polls this bot');
});

test('a refused token is said, and asked about seldom', async () => {
  const { sink, slept } = await run({ token: '9:wrong' });
  await until(() => slept.length > 1);
  expect(sink.states).toMatchObject([{ state: 'down', why: expect.stringContaining('token refused') }]);
  expect(slept.slice(0, 2)).toEqual([60_000, 120_000]);
});

test('failures back off to 16 s, and a success starts over', async () => {
  const { slept, sink } = await run({
    before: (fake) => {
      for (let i = 0; i < 6; i += 1) fake.failNext('getUpdates', 502, 'Bad Gateway');
    },
  });
  await until(() => sink.states.at(-1)?.state === 'up');
  expect(slept).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 16_000]);
});

test('a rate limit waits as long as Telegram asks', async () => {
  const before = (fake: FakeTelegram): void =>
    fake.failNext('getUpdates', 429, 'Too Many Requests', { retry_after: 7 });
  const { slept, sink } = await run({ before });
  await until(() => sink.states.at(-1)?.state === 'up');
  expect(slept).toEqual([7_000]);
});

test('a webhook that somebody set is removed so that polling works', async () => {
  const { fake, sink, polls } = await run();
  await until(() => polls().length === 2);
  const url = 'http://127.0.0.1:9/elsewhere';
  await fetch(`${fake.url}/bot${token}/setWebhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url }),
  });
  await until(() => sink.states.length === 3);
  expect(sink.states[1]?.why).toContain('a webhook blocks polling');
  expect(fake.webhook).toBeNull();
  fake.userText('still here');
  await until(() => sink.events.length === 1);
});

test('the commands are offered in private chats and groups, and told again only when they changed', async () => {
  const rows = new Map<string, string>();
  const state = {
    get: (key: string) => Promise.resolve(rows.get(key) ?? null),
    set: (key: string, value: string | null) => Promise.resolve(void rows.set(key, value ?? '')),
  };
  const told = async (): Promise<number> => {
    const { fake, sink } = await run({ state });
    await until(() => sink.states.at(-1)?.state === 'up');
    const inGroups = fake.commands.get('all_group_chats')?.map(({ command }) => command) ?? [];
    const inPrivate = fake.commands.get('all_private_chats')?.map(({ command }) => command) ?? [];
    if (inPrivate.length > 0) {
      expect(inPrivate).toEqual(Object.keys(chatCommands));
      expect(inGroups).toEqual(inPrivate.filter((command) => command !== 'pair'));
    }
    return inPrivate.length + inGroups.length;
  };
  expect(await told()).toBeGreaterThan(10);
  expect(await told()).toBe(0);
  rows.set('menu', 'of an older version');
  expect(await told()).toBeGreaterThan(10);
});

test('a server without a command menu is polled all the same, and asked again at the next start', async () => {
  const before = (fake: FakeTelegram): void =>
    fake.failNext('setMyCommands', 404, 'Not Found: method not found');
  const { fake, sink } = await run({ before });
  fake.userText('hello');
  await until(() => sink.events.length === 1);
  expect(fake.calls.filter(({ method }) => method === 'setMyCommands')).toHaveLength(1);
});

test('a group that became a supergroup is the same chat as before, whichever of the two says so', async () => {
  const { fake, sink, adapter } = await run();
  const old = { id: -5, type: 'group' } as const;
  const now = { id: -1009, type: 'supergroup' } as const;
  fake.userText('@thebot before', { chat: old });
  fake.push({ message: { message_id: 1, date: 1, from: ann, chat: now, migrate_from_chat_id: -5 } });
  fake.userText('@thebot after', { chat: now });
  await until(() => sink.events.length === 2);
  expect(sink.events.map(({ chat }) => chat.chat)).toEqual(['-5', '-5']);
  await adapter.typing?.({ channel: 'telegram', chat: '-5', thread: null });
  const typing = fake.calls.find(({ method }) => method === 'sendChatAction');
  expect(typing?.params).toMatchObject({ chat_id: -1009 });
  fake.push({
    message: {
      message_id: 2,
      date: 1,
      from: ann,
      chat: { id: -6, type: 'group' },
      migrate_to_chat_id: -1010,
    },
  });
  fake.userText('@thebot hello', { chat: { id: -1010, type: 'supergroup' } });
  await until(() => sink.events.length === 3);
  expect(sink.events[2]?.chat.chat).toBe('-6');
});

test('a button press is answered after it is stored', async () => {
  const { fake, sink } = await run({ rejectAccepts: 1 });
  fake.pressButton('/approve 7F3K', { messageId: 9 });
  await until(() => fake.calls.some((call) => call.method === 'answerCallbackQuery'));
  expect(sink.events).toMatchObject([{ kind: 'button', text: '/approve 7F3K', replyTo: '9' }]);
  expect(sink.offered).toHaveLength(2);
  expect(fake.calls.filter((call) => call.method === 'answerCallbackQuery')).toHaveLength(1);
});

async function runWithWebhook(faults: SinkFaults = {}): Promise<Running & { readonly url: string }> {
  const handler: { adapter: AdapterPort | null } = { adapter: null };
  const server = http.createServer((request, response) => {
    const headers = {
      'x-telegram-bot-api-secret-token': String(request.headers['x-telegram-bot-api-secret-token']),
    };
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const plain = new Request(url, { method: 'POST', headers, body: Buffer.concat(chunks) });
      const answer = await handler.adapter?.handle?.(plain);
      response.writeHead(answer?.status ?? 404).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${port}/hooks/telegram`;
  const running = await run({ ...faults, webhook: { url, secret: 's3cret' } });
  handler.adapter = running.adapter;
  return { ...running, url };
}

test('webhook mode: set once with the secret, committed before 200, no polling', async () => {
  const { fake, sink, url, polls } = await runWithWebhook({ rejectAccepts: 1 });
  fake.userText('over the hook');
  await until(() => fake.confirmed.length === 1);
  expect(sink.offered).toHaveLength(2); // refused once with 503, delivered again
  expect(sink.events).toMatchObject([{ text: 'over the hook' }]);
  expect(fake.calls.find((call) => call.method === 'setWebhook')?.params).toMatchObject({
    url,
    secret_token: 's3cret',
  });
  expect(sink.states[0]).toEqual({ state: 'up', why: 'connected' });
  expect(polls()).toEqual([]);
});

test('webhook mode: a webhook that another program changed is set again', async () => {
  const { fake, url } = await runWithWebhook();
  await until(() => fake.webhook?.url === url);
  const deleted = await fetch(`${fake.url}/bot${token}/deleteWebhook`, { method: 'POST' });
  expect(deleted.status).toBe(200);
  await until(() => fake.webhook?.url === url);
  expect(fake.calls.filter((call) => call.method === 'setWebhook').length).toBeGreaterThan(1);
});

test('webhook mode: what is no update is turned away or skipped, never stored', async () => {
  const { adapter, url, sink, fake } = await runWithWebhook();
  await until(() => fake.webhook !== null);
  const headers = { 'x-telegram-bot-api-secret-token': 's3cret' };
  const statusOf = async (init: RequestInit): Promise<number | undefined> =>
    (await adapter.handle?.(new Request(url, init)))?.status;
  expect(await statusOf({ method: 'GET', headers })).toBe(405);
  expect(await statusOf({ method: 'POST', body: '{}' })).toBe(401);
  expect(await statusOf({ method: 'POST', headers, body: 'x'.repeat(1_048_577) })).toBe(413);
  expect(await statusOf({ method: 'POST', headers, body: 'no json' })).toBe(200);
  expect(sink.offered).toEqual([]);
});

test('without a webhook in the settings there is no HTTP door', async () => {
  const { adapter } = await run();
  expect('handle' in adapter).toBe(false);
});

test('whatever JSON comes in, parsing ends in an event, a refusal or a reason', () => {
  const shapes = fc.record({
    update_id: fc.integer(),
    message: fc.jsonValue(),
    callback_query: fc.jsonValue(),
  });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), shapes), (update) => {
      expect(['event', 'ignored', 'unreadable']).toContain(parseUpdate(update, bot, 0).type);
    }),
  );
});

test('a name at the start is taken off, whatever stands behind it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      const entities = [{ type: 'mention', offset: 0, length: 7 }];
      const said = textOf({ text: `@TheBot ${text}`, entities });
      expect(said).toMatchObject({ addressed: true, text: text.replace(/^[\s,:]+/, '') });
    }),
  );
});

test('a mention by id and a mention inside the sentence address it too', () => {
  const byId = { type: 'text_mention', offset: 0, length: 4, user: { id: 42 } };
  expect(textOf({ text: 'Tiro hello', entities: [byId] })).toMatchObject({ addressed: true, text: 'hello' });
  const inside = [{ type: 'mention', offset: 4, length: 7 }];
  const text = 'ask @thebot now';
  expect(textOf({ text, entities: inside })).toMatchObject({ addressed: true, text });
  expect(textOf({ text: 'hello' })).toMatchObject({ addressed: false });
});

/** A message in a group, as an event. */
function textOf(message: object): unknown {
  const envelope = { message_id: 1, date: 1, from: ann, chat: { id: -5, type: 'group', title: 'G' } };
  const parsed = parseUpdate({ update_id: 1, message: { ...envelope, ...message } }, bot, 0);
  return parsed.type === 'event' ? parsed.event : parsed;
}
