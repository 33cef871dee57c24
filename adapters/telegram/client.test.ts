import { expect, onTestFinished, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import type { FileRef } from '#core/event.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { neverAborted, until } from '#test/contract/adapter.ts';
import { createTestDeps, createTestLog, createTestSink } from '#test/fakes/sink.ts';
import { type FakeTelegram, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { createTelegram } from './index.ts';
import { type TelegramSettings, telegramSettingsSchema } from './settings.ts';

const token = '123456789:a-token-for-client-tests';

async function start(
  more: Partial<TelegramSettings> & { readonly fetch?: typeof fetch } = {},
): Promise<{ fake: FakeTelegram; adapter: AdapterPort }> {
  const fake = await startFakeTelegram({ token });
  onTestFinished(() => fake.close());
  const { fetch: own, ...settings } = more;
  const deps = { ...createTestDeps(createTestLog()), ...(own && { fetch: own }) };
  const adapter = createTelegram(deps, { token, apiRoot: fake.url, webhook: null, ...settings });
  return { fake, adapter };
}

function photo(id: string, bytes: number | null): FileRef {
  return { id, kind: 'image', name: 'p.jpg', mime: 'image/jpeg', bytes };
}

async function fetchText(adapter: AdapterPort, file: FileRef): Promise<string> {
  const stream = await adapter.fetch?.(file, neverAborted());
  return new Response(stream ?? null).text();
}

test('a file that came in can be read', async () => {
  const { fake, adapter } = await start();
  fake.userPhoto({ bytes: Buffer.from('leaf') });
  expect(await fetchText(adapter, photo('file-1', 4))).toBe('leaf');
});

test('a file over 20 MB is refused in words, before or by Telegram', async () => {
  const { fake, adapter } = await start();
  fake.userDocument({ bytes: Buffer.from('small') });
  await expect(fetchText(adapter, photo('file-1', 20_000_001))).rejects.toThrow('over the 20 MB');
  expect(fake.calls.map(({ method }) => method)).toEqual(['getFile']);
  fake.userDocument({ bytes: Buffer.alloc(20_000_001) });
  await expect(fetchText(adapter, photo('file-2', null))).rejects.toThrow('over the 20 MB');
});

test('a failed download does not tell the address, which holds the token', async () => {
  const fetch = async (url: unknown, init?: RequestInit): Promise<Response> => {
    if (String(url).includes('/file/')) throw new TypeError(`cannot fetch ${String(url)}`);
    return globalThis.fetch(String(url), init);
  };
  const { fake, adapter } = await start({ fetch });
  fake.userPhoto({ bytes: Buffer.from('leaf') });
  const error: unknown = await fetchText(adapter, photo('file-1', 4)).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: 'unavailable', message: expect.not.stringContaining(token) });
  expect(error).not.toHaveProperty('cause');
});

test('a description that holds the token is told without it', async () => {
  const { fake, adapter } = await start();
  fake.failNext('getMe', 400, `Bad Request: no method at /bot${token}/getMe`);
  expect(JSON.stringify(await adapter.check())).toContain('/bot[token]/getMe');
});

test('typing is shown in its topic', async () => {
  const { fake, adapter } = await start();
  await adapter.typing?.({ channel: 'telegram', chat: '-5', thread: '3' });
  expect(fake.calls).toMatchObject([
    { method: 'sendChatAction', params: { chat_id: -5, action: 'typing', message_thread_id: 3 } },
  ]);
});

test('typing that Telegram refuses rejects in words', async () => {
  const { fake, adapter } = await start();
  fake.failNext('sendChatAction', 403, 'Forbidden: bot was blocked by the user');
  const typing = adapter.typing?.({ channel: 'telegram', chat: '7', thread: null });
  await expect(typing).rejects.toMatchObject({ code: 'unavailable' });
});

test('doctor: a bot that works, and what privacy mode means', async () => {
  const { adapter } = await start();
  const findings = await adapter.check();
  expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok']);
  expect(findings[0]?.what).toContain('@thebot');
  expect(findings[1]).toMatchObject({
    what: expect.stringContaining('privacy mode is on'),
    fix: expect.stringContaining('/setprivacy'),
  });
});

test('doctor: a token that Telegram refuses, with the way to the right one', async () => {
  const { adapter } = await start({ token: '9:wrong' });
  expect(await adapter.check()).toMatchObject([
    { level: 'fail', fix: expect.stringContaining('@BotFather') },
  ]);
});

test('doctor: a server that cannot be reached', async () => {
  const { fake, adapter } = await start();
  await fake.close();
  expect(await adapter.check()).toMatchObject([
    { level: 'fail', what: expect.stringContaining('ECONNREFUSED') },
  ]);
});

test('doctor: a webhook in the way of polling, and one that is missing', async () => {
  const { fake, adapter } = await start();
  const hook = { url: 'http://127.0.0.1:9/secret-path', secret: 's' };
  await fetch(`${fake.url}/bot${token}/setWebhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: hook.url }),
  });
  const inTheWay = (await adapter.check()).at(-1);
  expect(inTheWay).toMatchObject({ level: 'warn', what: expect.stringContaining('127.0.0.1:9') });
  expect(JSON.stringify(inTheWay)).not.toContain('secret-path');
  const other = await start({ webhook: hook });
  expect((await other.adapter.check()).at(-1)).toMatchObject({
    level: 'warn',
    what: expect.stringContaining('no webhook'),
  });
});

test('doctor: groups it was taken out of or may not write in, and a bot that nobody can add to one', async () => {
  const { fake, adapter } = await start();
  fake.userText('hello', { chat: { id: -5, type: 'supergroup' } });
  fake.userText('hello', { chat: { id: -6, type: 'supergroup' } });
  fake.userText('hello', { chat: { id: -7, type: 'supergroup' } });
  const abort = new AbortController();
  const started = adapter.start(createTestSink(), abort.signal);
  await until(() => fake.confirmed.length === 3);
  abort.abort();
  await started;
  fake.members.set('-5', { status: 'restricted', can_send_messages: false });
  fake.members.set('-6', { status: 'kicked' });
  expect((await adapter.check()).slice(2)).toEqual([
    {
      level: 'warn',
      what: 'It may not write in the group -5.',
      fix: expect.stringContaining('administrator'),
    },
    {
      level: 'warn',
      what: 'It is not in the group -6 any more.',
      fix: expect.stringContaining('Add the bot'),
    },
  ]);
  fake.members.clear();
  fake.failNext('getChatMember', 429, 'Too Many Requests: retry after 3', { retry_after: 3 });
  fake.failNext('getChatMember', 403, 'Forbidden: bot was kicked from the supergroup chat');
  expect((await adapter.check()).slice(2)).toMatchObject([{ what: expect.stringContaining('any more') }]);
});

test('settings: the root loses its last slash, the webhook is optional, a bad secret is named', () => {
  expect(telegramSettingsSchema.parse({ token: '1:A', apiRoot: 'http://127.0.0.1:8081/' })).toEqual({
    token: '1:A',
    apiRoot: 'http://127.0.0.1:8081',
    webhook: null,
  });
  const bad = { token: '1:A', webhook: { url: 'https://example.org/hooks/telegram', secret: 'with spaces' } };
  expect(telegramSettingsSchema.safeParse(bad).error?.issues[0]?.path).toEqual(['webhook', 'secret']);
});

test('a request that was not let out by the gateway itself was surely not sent', async () => {
  const fetch = (): Promise<Response> =>
    Promise.reject(new TiroError('fenced', 'A newer gateway has the home.'));
  const { adapter } = await start({ fetch });
  const sent = await adapter.send(
    {
      id: 'dlv_1',
      address: { channel: 'telegram', chat: '7', thread: null },
      body: { kind: 'message', markdown: 'hi', text: 'hi', dialect: 'plain', replyTo: null, buttons: [] },
      targetPlatformId: null,
    },
    neverAborted(),
  );
  expect(sent).toMatchObject({
    ok: false,
    error: { type: 'transient', reason: 'A newer gateway has the home.' },
  });
});
