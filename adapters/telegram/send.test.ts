import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import type { DeliveryBody, OutboundDelivery, SendResult } from '#core/delivery.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { delivery, neverAborted, say } from '#test/contract/adapter.ts';
import { createTestDeps } from '#test/fakes/sink.ts';
import { type FakeTelegram, type ShownMessage, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { createTelegram } from './index.ts';

const token = '123456789:a-token-for-sending-tests';
const address = { channel: 'telegram', chat: '7', thread: null };

interface Sending {
  readonly fake: FakeTelegram;
  readonly adapter: AdapterPort;
  readonly send: (body: DeliveryBody, more?: Partial<OutboundDelivery>) => Promise<SendResult>;
  readonly shown: () => ShownMessage | undefined;
}

async function start(options: { readonly without?: readonly string[] } = {}): Promise<Sending> {
  const fake = await startFakeTelegram({ token, ...options });
  onTestFinished(() => fake.close());
  const adapter = createTelegram(createTestDeps(), { token, apiRoot: fake.url, webhook: null });
  return {
    fake,
    adapter,
    send: (body, more) => adapter.send({ ...delivery(address, body), ...more }, neverAborted()),
    shown: () => fake.messages().at(-1),
  };
}

test('HTML is marked as HTML, plain text is sent as it stands', async () => {
  const { send, shown } = await start();
  expect(await send({ ...say('a &lt; <b>b</b>'), dialect: 'telegram-html' })).toMatchObject({ ok: true });
  expect(shown()).toMatchObject({ text: 'a < b', parseMode: 'HTML', linkPreview: false });
  await send(say('a < b'));
  expect(shown()).toMatchObject({ text: 'a < b', parseMode: null });
});

test('markup that Telegram refuses is format-refused, so that plain text is tried; after plain comes nothing', async () => {
  const { send, fake } = await start();
  const refused = await send({ ...say('<b>open'), dialect: 'telegram-html' });
  expect(refused).toMatchObject({ ok: false, error: { type: 'format-refused' } });
  const description = "Bad Request: can't parse entities";
  fake.failNext('sendMessage', 400, description);
  expect(await send(say('a < b'))).toMatchObject({ ok: false, error: { type: 'permanent' } });
  const tooLong = await send({ ...say('x'.repeat(4097)), dialect: 'telegram-html' });
  expect(tooLong).toMatchObject({ ok: false, error: { type: 'permanent' } });
});

test('a message goes to its topic, answers its message and carries its buttons', async () => {
  const { send, shown } = await start();
  const buttons = [
    { label: 'Yes', value: '/approve 7F3K' },
    { label: 'No', value: '/deny 7F3K' },
  ];
  await send(
    { ...say('May I?'), replyTo: '12', buttons },
    { address: { ...address, chat: '-5', thread: '3' } },
  );
  expect(shown()).toMatchObject({
    chat: '-5',
    thread: 3,
    replyTo: 12,
    buttons: [
      { text: 'Yes', value: '/approve 7F3K' },
      { text: 'No', value: '/deny 7F3K' },
    ],
  });
});

test('a button over 64 bytes is never sent', async () => {
  const { send, fake } = await start();
  const result = await send({ ...say('x'), buttons: [{ label: 'x', value: 'ü'.repeat(33) }] });
  expect(result).toMatchObject({ ok: false, error: { type: 'permanent' } });
  expect(fake.calls).toEqual([]);
});

test('an edit of a message that is gone is permanent, its deletion is done', async () => {
  const { send, fake } = await start();
  const edit: DeliveryBody = { ...say('new'), kind: 'edit', target: 'dlv_1' };
  const gone = { targetPlatformId: '999' };
  expect(await send(edit, gone)).toMatchObject({ ok: false, error: { type: 'permanent' } });
  expect(await send(edit)).toMatchObject({ ok: false, error: { type: 'permanent' } });
  expect(await send({ kind: 'delete', target: 'dlv_1' }, gone)).toEqual({ ok: true, platformId: '999' });
  const sent = await send(say('short-lived'));
  const target = sent.ok ? sent.platformId : null;
  expect(await send({ kind: 'delete', target: 'dlv_1' }, { targetPlatformId: target })).toMatchObject({
    ok: true,
  });
  expect(fake.messages()).toEqual([]);
});

test('an edit without buttons takes them away', async () => {
  const { send, shown } = await start();
  const sent = await send({ ...say('May I?'), buttons: [{ label: 'Yes', value: 'y' }] });
  const edit: DeliveryBody = { ...say('Done.'), kind: 'edit', target: 'dlv_1' };
  await send(edit, { targetPlatformId: sent.ok ? sent.platformId : null });
  expect(shown()).toMatchObject({ text: 'Done.', buttons: [], versions: ['May I?', 'Done.'] });
});

test('a reaction is set and taken back', async () => {
  const { send, fake } = await start();
  await send({ kind: 'reaction', messageId: '4', emoji: '👍' });
  expect(fake.reactionTo(7, 4)).toBe('👍');
  await send({ kind: 'reaction', messageId: '4', emoji: '' });
  expect(fake.reactionTo(7, 4)).toBe('');
});

test('nothing listens: surely not accepted', async () => {
  const { fake, send } = await start();
  await fake.close();
  const result = await send(say('hello'));
  expect(result).toMatchObject({ ok: false, error: { type: 'transient' } });
  expect(JSON.stringify(result)).toContain('ECONNREFUSED');
});

test.each([
  [502, 'unknown'],
  [200, 'unknown'],
  [413, 'permanent'],
  [302, 'permanent'],
])('a proxy page with status %i is %s', async (status, type) => {
  const { fake, send } = await start();
  fake.answerWith('sendMessage', status, '<html>no Telegram here</html>');
  expect(await send(say('hello'))).toMatchObject({ ok: false, error: { type } });
});

test('a group that became a supergroup: the next try goes there, and so does everything after it', async () => {
  const { fake, send, adapter } = await start();
  const group = { channel: 'telegram', chat: '-5', thread: null };
  const description = 'Bad Request: group chat was upgraded to a supergroup chat';
  fake.failNext('sendMessage', 400, description, { migrate_to_chat_id: -1009 });
  const refused = await send(say('hello'), { address: group });
  expect(refused).toMatchObject({
    ok: false,
    error: { type: 'transient', reason: expect.stringContaining('-1009') },
  });
  expect(await send(say('hello'), { address: group })).toMatchObject({ ok: true });
  await adapter.typing?.(group);
  expect(fake.messages(-1009).map(({ text }) => text)).toEqual(['hello']);
  expect(fake.calls.at(-1)).toMatchObject({ method: 'sendChatAction', params: { chat_id: -1009 } });
});

const table = '| a | b |\n|---|---|\n| 1 | 2 |';
const rich = { ...say(table), dialect: 'telegram-rich' };

test('a rich message is Markdown that Telegram reads itself, with buttons and a reply like any other', async () => {
  const { send, shown, fake } = await start();
  const more = { replyTo: '3', buttons: [{ label: 'Yes', value: 'y' }] };
  expect(await send({ ...rich, ...more })).toMatchObject({ ok: true });
  expect(shown()).toMatchObject({ kind: 'rich', text: table, replyTo: 3, buttons: [{ value: 'y' }] });
  expect(fake.calls[0]?.params['rich_message']).toEqual({ markdown: table, skip_entity_detection: true });
});

test('a server that does not know rich messages is asked once; each goes on in the next dialect', async () => {
  const { send, fake } = await start({ without: ['sendRichMessage'] });
  const refused = { ok: false, error: { type: 'format-refused' } };
  expect(await send(rich)).toMatchObject(refused);
  expect(await send(rich)).toMatchObject(refused);
  expect(fake.calls.map(({ method }) => method)).toEqual(['sendRichMessage']);
  expect(await send({ ...say('<b>a</b>'), dialect: 'telegram-html' })).toMatchObject({ ok: true });
});

test('a rich message that is refused goes on in the next dialect, and the next one is tried', async () => {
  const { send, fake } = await start();
  fake.failNext('sendRichMessage', 400, 'Bad Request: too many cells');
  expect(await send(rich)).toMatchObject({ ok: false, error: { type: 'format-refused' } });
  expect(await send(rich)).toMatchObject({ ok: true });
  fake.failNext('sendRichMessage', 403, 'Forbidden: bot was blocked by the user');
  expect(await send(rich)).toMatchObject({ ok: false, error: { type: 'permanent' } });
});

const draft = { id: 5, chat: address, text: '<b>so</b> far', dialect: 'telegram-html' };

test('a draft shows how far an answer has come, and goes with the message', async () => {
  const { adapter, send, fake } = await start();
  await adapter.draft?.(draft);
  expect(fake.draftIn(7)).toBe('so far');
  expect(fake.calls[0]?.params).toEqual({
    chat_id: 7,
    draft_id: 5,
    text: '<b>so</b> far',
    parse_mode: 'HTML',
  });
  await send(say('so far, so good'));
  expect(fake.draftIn(7)).toBe('');
});

test.each([
  [404, 'Not Found: method not found', 'not-found'],
  [400, 'Bad Request: TEXTDRAFT_PEER_INVALID', 'not-found'],
  [403, 'Forbidden: bot was blocked by the user', 'unavailable'],
  [502, 'Bad Gateway', 'unavailable'],
])(
  'a draft that meets %i says whether the platform has drafts at all',
  async (code, description, expected) => {
    const { adapter, fake } = await start();
    fake.failNext('sendMessageDraft', code, description);
    await expect(adapter.draft?.(draft)).rejects.toMatchObject({ code: expected });
  },
);

test('while Telegram limits drafts none is made', async () => {
  const { adapter, fake } = await start();
  fake.failNext('sendMessageDraft', 429, 'Too Many Requests', { retry_after: 3_600 });
  await expect(adapter.draft?.(draft)).rejects.toMatchObject({ code: 'unavailable' });
  await adapter.draft?.(draft);
  expect(fake.calls.map(({ method }) => method)).toEqual(['sendMessageDraft']);
});

async function fileOf(bytes: number | string): Promise<string> {
  const folder = await mkdtemp(`${tmpdir()}/tiro-send-`);
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = `${folder}/file`;
  await writeFile(path, typeof bytes === 'string' ? bytes : Buffer.alloc(bytes, 1));
  return path;
}

test('a picture goes as a photo, anything else as a document under its name', async () => {
  const { send, shown } = await start();
  const path = await fileOf('bytes of a picture');
  const picture = { kind: 'file', path, name: 'cat.png', mime: 'image/png', caption: 'A cat' } as const;
  expect(await send(picture)).toMatchObject({ ok: true });
  expect(shown()).toMatchObject({ kind: 'photo', text: 'A cat', file: { name: 'cat.png' } });
  expect(shown()?.file?.bytes.toString()).toBe('bytes of a picture');
  await send({ ...picture, mime: 'text/plain', name: 'a "b";c\r\n.txt', caption: '' });
  expect(shown()).toMatchObject({ kind: 'document', text: '', file: { name: 'a _b__c__.txt' } });
});

test('a large picture goes as a document, byte for byte', async () => {
  const { send, shown } = await start();
  const path = await fileOf(10_000_001);
  await send({ kind: 'file', path, name: 'big.png', mime: 'image/png', caption: '' });
  expect(shown()).toMatchObject({ kind: 'document' });
  expect(shown()?.file?.bytes.byteLength).toBe(10_000_001);
});

test('a caption is cut at 1,024 without half an emoji', async () => {
  const { send, shown } = await start();
  const file = { kind: 'file', path: await fileOf('x'), name: 'x', mime: 'text/plain' } as const;
  await send({ ...file, caption: `${'x'.repeat(1022)}🌱🌱` });
  expect(shown()?.text).toBe(`${'x'.repeat(1022)}…`);
});

test('a file that is not there is permanent, without a call', async () => {
  const { send, fake } = await start();
  const file = { kind: 'file', name: 'x', mime: 'text/plain', caption: '' } as const;
  const missing = await send({ ...file, path: '/nowhere/at/all' });
  expect(missing).toMatchObject({ ok: false, error: { type: 'permanent' } });
  const empty = await send({ ...file, path: await fileOf('') });
  expect(empty).toMatchObject({ ok: false, error: { type: 'permanent', reason: 'the file is empty' } });
  expect(fake.calls).toEqual([]);
});

test('an upload whose answer is lost is unknown', async () => {
  const { send, fake } = await start();
  fake.dropAnswer('sendDocument');
  const result = await send({
    kind: 'file',
    path: await fileOf('x'),
    name: 'x',
    mime: 'text/plain',
    caption: '',
  });
  expect(result).toMatchObject({ ok: false, error: { type: 'unknown' } });
  expect(fake.messages()).toHaveLength(1);
});
