import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ChatAddress } from '#core/address.ts';
import type { DeliveryBody, OutboundDelivery, SendResult } from '#core/delivery.ts';
import { TiroError } from '#core/errors.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { createIds } from '#lib/ids.ts';
import { createRender } from '#render/index.ts';
import { neverAborted, say } from '#test/contract/adapter.ts';
import { createTestDeps } from '#test/fakes/sink.ts';
import { buttonsOf, type FakeSlack, shownText, startFakeSlack } from '#test/fakes/slack/index.ts';
import { appToken, botToken } from '#test/fakes/slack/running.ts';
import { buildSlack } from './index.ts';

const flat: ChatAddress = { channel: 'slack', chat: 'T1/D7', thread: null };
const thread: ChatAddress = { channel: 'slack', chat: 'T1/C1', thread: '1790000000.000100' };
const ids = createIds({ now: Date.now });

interface Idle {
  readonly fake: FakeSlack;
  readonly adapter: AdapterPort;
  send(body: DeliveryBody, at?: Partial<OutboundDelivery>): Promise<SendResult>;
}

async function idle(fetch?: typeof globalThis.fetch): Promise<Idle> {
  const fake = await startFakeSlack({ botToken, appToken });
  const deps = { ...createTestDeps(), ...(fetch === undefined ? {} : { fetch }) };
  const adapter = buildSlack(deps, { botToken, appToken, apiRoot: `${fake.url}/api` });
  onTestFinished(async () => {
    await adapter.close();
    await fake.close();
  });
  const send: Idle['send'] = (body, at = {}) =>
    adapter.send({ id: ids.delivery(), address: flat, body, targetPlatformId: null, ...at }, neverAborted());
  return { fake, adapter, send };
}

function fileWith(bytes: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tiro-slack-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  return path;
}

test('a message holds its delivery in the metadata, unfolds no link, and calls nobody', async () => {
  const { fake, send } = await idle();
  const id = ids.delivery();
  await send(say('<!channel> & <@U1> *no* https://a.b'), { id, address: thread });
  const [call] = fake.callsOf('chat.postMessage');
  expect(call?.params).toMatchObject({
    channel: 'C1',
    thread_ts: '1790000000.000100',
    text: '&lt;!channel&gt; &amp; &lt;@U1&gt; *no* https://a.b',
    mrkdwn: 'false',
    unfurl_links: 'false',
    unfurl_media: 'false',
    metadata: JSON.stringify({ event_type: 'tiro_delivery', event_payload: { delivery: id } }),
  });
  expect(call?.token).toBe(botToken);
});

test('each dialect has its block, with the plain text for notifications', async () => {
  const { fake, send } = await idle();
  for (const dialect of ['slack-markdown', 'slack-mrkdwn']) {
    await send({ ...say('**a** <!here> <!subteam^S1>'), dialect });
  }
  const shown = fake.messages('D7').map(shownText);
  expect(shown.map((text) => text.replaceAll('\u200B', '⁞'))).toEqual([
    '**a** <⁞!here> <⁞!subteam^S1>',
    '**a** <⁞!here> <⁞!subteam^S1>',
  ]);
  const types = fake.messages('D7').map(({ blocks }) => JSON.stringify(blocks).match(/"type":"\w+"/g));
  expect(types).toEqual([['"type":"markdown"'], ['"type":"section"', '"type":"mrkdwn"']]);
});

test('long answers, tables and code arrive whole, in every dialect', async () => {
  const { fake, adapter, send } = await idle();
  const table = [
    '| a | b |',
    '|---|---|',
    ...Array.from({ length: 300 }, (_, n) => `| row${n} | cell${n} |`),
  ];
  const code = ['```ts', ...Array.from({ length: 400 }, (_, n) => `const line${n} = "<x> & y";`), '```'];
  const prose = Array.from({ length: 500 }, (_, n) => `Sentence ${n} of a long answer.`);
  const markdown = [...prose, '', ...table, '', ...code].join('\n');
  const { dialects, maxText, maxTextByDialect, countedAs } = adapter.abilities;
  for (const dialect of dialects) {
    const limit = maxTextByDialect?.[dialect] ?? maxText;
    const chunks = createRender().chunk(markdown, { dialect, limit, countedAs });
    for (const { text } of chunks) expect(await send({ ...say(text), dialect })).toMatchObject({ ok: true });
    const shown = fake.messages('D7').map(shownText).join('\n');
    for (const word of ['Sentence 499', 'row299', 'cell299', 'line399']) expect(shown).toContain(word);
    expect(shown).toContain('const line7 = "<x> & y";');
    fake.chats.messages.length = 0;
  }
});

test('buttons stand below the text, and an edit without them takes them away', async () => {
  const { fake, send } = await idle();
  const buttons = ['Once', 'Always', 'No'].map((label) => ({ label, value: `/approve 7F3K ${label}` }));
  const long = 'x'.repeat(3_500);
  const sent = await send({ ...say(long), buttons });
  const [message] = fake.messages('D7');
  expect([shownText({ text: '', blocks: message?.blocks }), buttonsOf(message ?? {}).length]).toEqual([
    long,
    3,
  ]);
  const edit = { ...say('done'), kind: 'edit', target: 'dlv_1' } as const;
  const targetPlatformId = sent.ok ? sent.platformId : null;
  expect(await send(edit, { targetPlatformId })).toEqual({ ok: true, platformId: targetPlatformId });
  expect(fake.messages('D7').map((it) => [shownText(it), buttonsOf(it).length])).toEqual([['done', 0]]);
});

test('deleted is deleted, and a reaction that stands there stands there', async () => {
  const { fake, send } = await idle();
  const { message } = fake.say('well done');
  const react = { kind: 'reaction', messageId: message.ts, emoji: '👍' } as const;
  expect(await send(react)).toMatchObject({ ok: true });
  expect(await send(react)).toMatchObject({ ok: true });
  expect(fake.chats.reactions.get(`D7/${message.ts}`)).toEqual(['+1']);
  expect(await send({ ...react, emoji: '🦜' })).toMatchObject({ ok: false, error: { type: 'permanent' } });
  const sent = await send(say('oops'));
  const targetPlatformId = sent.ok ? sent.platformId : null;
  const remove = { kind: 'delete', target: 'dlv_1' } as const;
  expect(await send(remove, { targetPlatformId })).toMatchObject({ ok: true });
  expect(await send(remove, { targetPlatformId })).toMatchObject({ ok: true });
  expect(fake.messages('D7')).toEqual([]);
});

test.each([
  ['channel_not_found', 'permanent'],
  ['is_archived', 'permanent'],
  ['msg_too_long', 'permanent'],
  ['missing_scope', 'permanent'],
  ['token_revoked', 'transient'],
  ['invalid_auth', 'transient'],
  ['fatal_error', 'unknown'],
  ['internal_error', 'unknown'],
  ['ratelimited', 'rate-limited'],
])('%s means %s', async (word, type) => {
  const { fake, send } = await idle();
  fake.refuseNext('chat.postMessage', word);
  const result = await send(say('x'));
  expect(result).toMatchObject({ ok: false, error: { type, reason: expect.stringContaining(word) } });
  expect(fake.callsOf('chat.postMessage')).toHaveLength(1);
});

test('blocks that Slack refuses are said again in the next dialect', async () => {
  const { fake, send } = await idle();
  for (const word of ['invalid_blocks', 'msg_blocks_too_long']) {
    fake.refuseNext('chat.postMessage', word);
    const result = await send({ ...say('x'), dialect: 'slack-markdown' });
    expect(result).toMatchObject({ ok: false, error: { type: 'format-refused' } });
  }
});

test('a page instead of an answer, nobody there, and our own gateway: unknown, transient, transient', async () => {
  const { fake, send } = await idle();
  fake.failNext('chat.postMessage', { text: '<html>welcome to the hotel' });
  expect(await send(say('x'))).toMatchObject({ error: { type: 'unknown' } });
  await fake.close();
  expect(await send(say('x'))).toMatchObject({ error: { type: 'transient' } });
  const fenced = await idle(() => Promise.reject(new TiroError('fenced', 'another gateway has the home')));
  expect(await fenced.send(say('x'))).toMatchObject({ error: { type: 'transient' } });
  expect(fenced.fake.calls).toEqual([]);
});

test('a lost answer is looked up by the delivery, in the channel and in the thread', async () => {
  const { fake, adapter, send } = await idle();
  for (const address of [flat, thread]) {
    fake.say('of a person', {
      channel: address.chat.slice(3),
      ...(address.thread && { thread: address.thread }),
    });
    const sent = { id: ids.delivery(), address, body: say('once'), targetPlatformId: null };
    fake.dropAnswer('chat.postMessage');
    expect(await send(sent.body, sent)).toMatchObject({ error: { type: 'unknown' } });
    const { ts: platformId } = fake.messages().at(-1) ?? {};
    expect(await adapter.lookup?.(sent)).toEqual({ found: 'sent', platformId });
    expect(await adapter.lookup?.({ ...sent, id: ids.delivery() })).toEqual({ found: 'absent' });
  }
});

test('what cannot be seen is not said to be absent', async () => {
  const { fake, adapter } = await idle();
  const lost = { id: ids.delivery(), address: flat, body: say('x'), targetPlatformId: null };
  fake.refuseNext('conversations.history', 'missing_scope');
  expect(await adapter.lookup?.(lost)).toEqual({ found: 'unknown' });
  expect(await adapter.lookup?.({ ...lost, id: 'dlv_old' })).toEqual({ found: 'unknown' });
  fake.chats.post({ channel: 'D7', text: 'of ours, without its metadata' });
  expect(await adapter.lookup?.(lost)).toEqual({ found: 'unknown' });
});

test('a file goes up in three steps, and its bytes only to the file host', async () => {
  const { fake, send } = await idle();
  const body = {
    kind: 'file',
    path: fileWith('the bytes'),
    name: 'a.txt',
    mime: 'text/plain',
    caption: 'a & b',
  } as const;
  expect(await send(body, { address: thread })).toEqual({ ok: true, platformId: 'F1' });
  expect(fake.files.stored.get('F1')?.bytes?.toString()).toBe('the bytes');
  expect(fake.messages('C1')).toMatchObject([{ text: 'a &amp; b', thread_ts: thread.thread }]);
  fake.failNext('files.getUploadURLExternal', {
    body: { ok: true, file_id: 'F9', upload_url: 'http://evil.test/upload' },
  });
  expect(await send(body)).toMatchObject({
    error: { type: 'transient', reason: expect.stringContaining('file host') },
  });
  expect(await send({ ...body, path: '/nowhere' })).toMatchObject({ error: { type: 'permanent' } });
  expect(await send({ ...body, path: fileWith('') })).toMatchObject({ error: { type: 'permanent' } });
});

test('only the last step of a file may have shown it, and that can be looked up', async () => {
  const { fake, adapter, send } = await idle();
  const body = { kind: 'file', path: fileWith('x'), name: 'a.txt', mime: 'text/plain', caption: '' } as const;
  fake.dropAnswer('files.getUploadURLExternal');
  expect(await send(body)).toMatchObject({ error: { type: 'transient' } });
  const sent = { id: ids.delivery(), address: flat, body, targetPlatformId: null };
  expect(await adapter.lookup?.(sent)).toEqual({ found: 'absent' });
  fake.dropAnswer('files.completeUploadExternal');
  expect(await send(body, sent)).toMatchObject({ error: { type: 'unknown' } });
  expect(await adapter.lookup?.(sent)).toMatchObject({ found: 'sent' });
});

test('a file that came in is fetched with the token, and the token goes nowhere else', async () => {
  const { fake, adapter } = await idle();
  const file = { id: 'F1', kind: 'document', name: 'a', mime: 'text/plain', bytes: null } as const;
  fake.files.keep(Buffer.from('secret minutes'));
  fake.files.keep(Buffer.from('x'), { redirect: 'http://evil.test/' });
  const stream = await adapter.fetch?.(file, neverAborted());
  expect(await new Response(stream).text()).toBe('secret minutes');
  expect(fake.files.seenTokens).toEqual([`Bearer ${botToken}`]);
  const failing = async (id: string): Promise<unknown> => adapter.fetch?.({ ...file, id }, neverAborted());
  await expect(failing('F2')).rejects.toThrow('Slack answered 302');
  await expect(failing('F3')).rejects.toThrow('file_not_found');
  const elsewhere = { size: 1, mimetype: 'text/plain', url_private: 'http://evil.test/F1' };
  fake.failNext('files.info', { body: { ok: true, file: elsewhere } });
  await expect(failing('F1')).rejects.toThrow('not lie on the file host');
  const half = {
    ...elsewhere,
    url_private: `${fake.url}/files-pri/F1`,
    url_private_download: 'http://evil.test/',
  };
  fake.failNext('files.info', { body: { ok: true, file: half } });
  await expect(failing('F1')).rejects.toThrow('not lie on the file host');
  fake.failNext('files.info', { body: { ok: true, file: { ...elsewhere, size: 100_000_001 } } });
  await expect(failing('F1')).rejects.toThrow('over the 100 MB');
  expect(fake.files.seenTokens).toHaveLength(2);
});

test('a status is shown where there is a thread, until Slack says that the app may not', async () => {
  const { fake, adapter } = await idle();
  await adapter.typing?.(flat);
  await adapter.typing?.(thread);
  expect(fake.callsOf('assistant.threads.setStatus')).toMatchObject([
    { params: { channel_id: 'C1', thread_ts: thread.thread, status: 'is thinking…' } },
  ]);
  fake.refuseNext('assistant.threads.setStatus', 'missing_scope');
  await adapter.typing?.(thread);
  await adapter.typing?.(thread);
  expect(fake.callsOf('assistant.threads.setStatus')).toHaveLength(2);
});
