import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ChatAddress } from '#core/address.ts';
import type { Button, DeliveryBody, OutboundDelivery, SendResult } from '#core/delivery.ts';
import { TiroError } from '#core/errors.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { createIds } from '#lib/ids.ts';
import { neverAborted, say, until } from '#test/contract/adapter.ts';
import { createTestDeps } from '#test/fakes/sink.ts';
import { type FakeGraph, field, graphError, startFakeGraph } from '#test/fakes/graph/index.ts';
import { appSecret, run, settingsFor, token } from '#test/fakes/graph/running.ts';
import { createWhatsAppCloud } from './index.ts';

const ann: ChatAddress = { channel: 'whatsapp', chat: '16505551234', thread: null };
const ids = createIds({ now: Date.now });

interface Idle {
  readonly fake: FakeGraph;
  readonly adapter: AdapterPort;
  send(body: DeliveryBody, at?: Partial<OutboundDelivery>): Promise<SendResult>;
}

async function idle(fetch?: typeof globalThis.fetch): Promise<Idle> {
  const fake = await startFakeGraph({ token, appSecret });
  const deps = { ...createTestDeps(), ...(fetch === undefined ? {} : { fetch }) };
  const adapter = createWhatsAppCloud(deps, settingsFor(fake));
  onTestFinished(async () => {
    await adapter.close();
    await fake.close();
  });
  const send: Idle['send'] = (body, at = {}) =>
    adapter.send({ id: ids.delivery(), address: ann, body, targetPlatformId: null, ...at }, neverAborted());
  return { fake, adapter, send };
}

function fileOf(bytes: number | string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tiro-graph-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'file');
  writeFileSync(path, typeof bytes === 'string' ? bytes : '');
  if (typeof bytes === 'number') truncateSync(path, bytes);
  return path;
}

const fileBody = (path: string, mime: string, caption = ''): DeliveryBody => ({
  kind: 'file',
  path,
  name: 'report.csv',
  mime,
  caption,
});
const buttons = (...labels: readonly string[]): readonly Button[] =>
  labels.map((label, index) => ({ label, value: `/approve ${index}` }));

test('a text goes to the number, says which delivery it is, and unfolds no link', async () => {
  const { fake, send } = await idle();
  const id = ids.delivery();
  const result = await send({ ...say('hello https://a.b'), replyTo: 'wamid.IN' }, { id });
  expect(result).toEqual({ ok: true, platformId: fake.messages.all[0]?.id });
  expect(fake.callsOf('message')[0]?.body).toEqual({
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '16505551234',
    type: 'text',
    text: { body: 'hello https://a.b', preview_url: false },
    context: { message_id: 'wamid.IN' },
    biz_opaque_callback_data: id,
  });
});

test('somebody who hides the phone number is written to by the id that Meta made', async () => {
  const { fake, send } = await idle();
  await send(say('hello'), { address: { ...ann, chat: 'US.13491208655302741918' } });
  const { body } = fake.callsOf('message')[0] ?? {};
  expect(body).toMatchObject({ recipient: 'US.13491208655302741918' });
  expect(body).not.toHaveProperty('to');
});

test('up to three buttons are reply buttons, their titles cut to 20 characters', async () => {
  const { fake, send } = await idle();
  await send({ ...say('Run it?'), buttons: [...buttons('Approve', 'Deny', 'Ask me again some other day')] });
  const interactive = field(fake.messages.all[0]?.body, 'interactive');
  expect(interactive).toMatchObject({ type: 'button', body: { text: 'Run it?' } });
  expect(field(field(interactive, 'action'), 'buttons')).toEqual([
    { type: 'reply', reply: { id: '/approve 0', title: 'Approve' } },
    { type: 'reply', reply: { id: '/approve 1', title: 'Deny' } },
    { type: 'reply', reply: { id: '/approve 2', title: 'Ask me again some o…' } },
  ]);
});

test.each([
  ['four buttons', say('x'), buttons('a', 'b', 'c', 'd')],
  ['a text over 1,024', say('x'.repeat(1_025)), buttons('a')],
  ['two that look the same', say('x'), buttons('the same long title, one', 'the same long title, two')],
  ['one without a title', say('x'), buttons(' ')],
])('%s: the text alone', async (_what, body, more) => {
  const { fake, send } = await idle();
  expect(await send({ ...body, buttons: [...more] })).toMatchObject({ ok: true });
  expect(fake.messages.all[0]?.body).toMatchObject({ type: 'text' });
});

test('a reaction, and no edit and no taking back', async () => {
  const { fake, send } = await idle();
  expect(await send({ kind: 'reaction', messageId: 'wamid.IN', emoji: '👍' })).toMatchObject({ ok: true });
  expect(fake.messages.all[0]?.body).toMatchObject({
    type: 'reaction',
    reaction: { message_id: 'wamid.IN', emoji: '👍' },
  });
  const gone = await send({ kind: 'delete', target: 'dlv_1' }, { targetPlatformId: 'wamid.X' });
  expect(gone).toMatchObject({ ok: false, error: { type: 'permanent' } });
  expect(fake.calls).toHaveLength(1);
});

test.each([
  ['image/png', 9, '', 'image'],
  ['image/png', 5_000_001, '', 'document'],
  ['video/mp4', 9, 'look', 'video'],
  ['audio/mpeg', 9, '', 'audio'],
  ['audio/mpeg', 9, 'words go with it', 'document'],
  ['text/csv', 9, 'the figures', 'document'],
  ['application/pdf', 9, '', 'document'],
])('a file of %s with %i bytes and the words "%s" goes as %s', async (...row) => {
  const [mime, bytes, caption, type] = row;
  const { fake, send } = await idle();
  expect(await send(fileBody(fileOf(bytes), mime, caption))).toMatchObject({ ok: true });
  const sent = fake.messages.all[0]?.body;
  expect(sent).toMatchObject({ type });
  const part = field(sent, type);
  const medium = fake.messages.media.get(String(field(part, 'id')));
  expect(medium?.bytes.byteLength).toBe(bytes);
  expect(medium?.name).toBe('report.csv');
  expect(field(part, 'caption') ?? '').toBe(caption);
  expect(field(part, 'filename')).toBe(type === 'document' ? 'report.csv' : undefined);
});

test('an upload that broke has shown nothing: try again; a file that is refused, empty or gone is not', async () => {
  const { fake, send } = await idle();
  const path = fileOf('1,2,3');
  fake.failNext('upload', 500, graphError(131000, 'Something went wrong'));
  expect(await send(fileBody(path, 'text/csv'))).toMatchObject({ ok: false, error: { type: 'transient' } });
  fake.dropAnswer('upload');
  expect(await send(fileBody(path, 'text/csv'))).toMatchObject({ ok: false, error: { type: 'transient' } });
  const strange = await send(fileBody(path, 'application/x-strange'));
  expect(strange).toMatchObject({ ok: false, error: { type: 'permanent' } });
  expect(await send(fileBody(fileOf(''), 'text/csv'))).toMatchObject({
    ok: false,
    error: { type: 'permanent' },
  });
  expect(await send(fileBody('/no/such/file', 'text/csv'))).toMatchObject({ ok: false });
  expect(fake.callsOf('message')).toEqual([]);
  fake.dropAnswer('message');
  expect(await send(fileBody(path, 'text/csv'))).toMatchObject({ ok: false, error: { type: 'unknown' } });
});

test.each([
  [400, 4, 'rate-limited', /call|Meta answered 4/],
  [400, 80007, 'rate-limited', /80007/],
  [400, 130429, 'rate-limited', /130429/],
  [400, 131056, 'rate-limited', /131056/],
  [429, 1234, 'rate-limited', /1234/],
  [401, 190, 'transient', /the token is refused/],
  [500, 131057, 'transient', /131057/],
  [
    400,
    131047,
    'permanent',
    /^more than 24 hours since this person last wrote: WhatsApp takes only templates then/,
  ],
  [400, 131051, 'permanent', /kind of message/],
  [400, 131026, 'permanent', /not on WhatsApp/],
  [400, 100, 'permanent', /Invalid parameter/],
  [403, 10, 'permanent', /whatsapp_business_messaging/],
  [500, 3, 'permanent', /whatsapp_business_messaging/],
  [500, 131045, 'permanent', /not registered/],
  [500, 131000, 'unknown', /131000/],
  [500, 131016, 'unknown', /131016/],
  [503, 2, 'unknown', /Meta answered 2/],
  [500, 987654, 'unknown', /987654/],
])('HTTP %i with %i is %s', async (...row) => {
  const [status, code, type, reason] = row;
  const { fake, send } = await idle();
  fake.failNext('message', status, graphError(code, 'Invalid parameter'));
  const result = await send(say('hello'));
  expect(result).toMatchObject({ ok: false, error: { type, reason: expect.stringMatching(reason) } });
  if (!result.ok && result.error.type === 'rate-limited')
    expect(result.error.retryAfterMs).toBeGreaterThanOrEqual(5_000);
});

test.each([
  [502, '<html>', 'unknown'],
  [404, '<html>', 'permanent'],
  [302, '', 'permanent'],
  [200, '{"messages":[]}', 'unknown'],
  [200, 'not json', 'unknown'],
])('HTTP %i with %j is %s', async (status, body, type) => {
  const { send } = await idle(() => Promise.resolve(new Response(body, { status })));
  expect(await send(say('x'))).toMatchObject({ ok: false, error: { type } });
});

test('what never left is tried again: nobody listens, or our own gateway holds it back', async () => {
  const fenced = await idle(() => Promise.reject(new TiroError('fenced', 'another gateway has the home')));
  expect(await fenced.send(say('x'))).toMatchObject({
    ok: false,
    error: { type: 'transient', reason: 'another gateway has the home' },
  });
  const gone = await startFakeGraph({ token, appSecret });
  await gone.close();
  const adapter = createWhatsAppCloud(createTestDeps(), settingsFor(gone));
  const delivery = { id: ids.delivery(), address: ann, body: say('x'), targetPlatformId: null };
  expect(await adapter.send(delivery, neverAborted())).toMatchObject({
    ok: false,
    error: { type: 'transient' },
  });
});

test('words of Meta that repeat the token are cleaned', async () => {
  const { fake, send } = await idle();
  const words = `Malformed access token ${token} and EAAZ${'x'.repeat(60)}`;
  fake.failNext('message', 400, graphError(4711, words));
  const text = JSON.stringify(await send(say('x')));
  expect(text).toContain('Malformed access token …');
  expect(text).not.toContain(token);
  expect(text).not.toContain('xxxxx');
  const short = { token: 'EAAshort', appSecret: 'short-secret' };
  const adapter = createWhatsAppCloud(createTestDeps(), settingsFor(fake, short));
  fake.failNext('message', 400, graphError(4711, 'EAAshort and short-secret'));
  const delivery = { id: ids.delivery(), address: ann, body: say('x'), targetPlatformId: null };
  expect(await adapter.send(delivery, neverAborted())).toMatchObject({
    error: { reason: expect.stringMatching(/… and …$/) },
  });
});

test('typing marks what was said last as read and shows the sign, once until it would go out or is answered', async () => {
  const { fake, adapter, sink } = await run();
  await adapter.typing?.(ann);
  expect(fake.callsOf('read')).toEqual([]);
  fake.say('first');
  fake.say('second');
  await until(() => sink.events.length === 2);
  await adapter.typing?.(ann);
  await adapter.typing?.(ann);
  const sign = { status: 'read', typing_indicator: { type: 'text' } };
  expect(fake.callsOf('read').map(({ body }) => body)).toMatchObject([
    { ...sign, message_id: sink.events[1]?.messageId },
  ]);
  const delivery = { id: ids.delivery(), address: ann, body: say('an interim word'), targetPlatformId: null };
  await adapter.send(delivery, neverAborted());
  await adapter.typing?.(ann);
  expect(fake.callsOf('read')).toHaveLength(2);
});

test('a file is fetched from hosts of Meta only, and the token goes nowhere else', async () => {
  const asked: string[] = [];
  const { fake, adapter } = await idle((input, init) => {
    asked.push(new URL(input instanceof Request ? input.url : input).host);
    return fetch(input, init);
  });
  const fileWith = (id: string) =>
    ({ id, kind: 'image', name: 'x', mime: 'image/png', bytes: null }) as const;
  const bytesOf = async (id: string): Promise<string> =>
    new Response(await adapter.fetch?.(fileWith(id), neverAborted())).text();
  expect(await bytesOf(fake.messages.putMedium('the bytes', 'image/png'))).toBe('the bytes');
  asked.length = 0;
  const strange = [
    'https://evil.example/x',
    'http://lookaside.fbsbx.com/x',
    'https://lookaside.fbsbx.com.evil.example/x',
    'https://lookaside.fbsbx.com@evil.example/x',
    'file:///etc/passwd',
    'not a url',
  ];
  for (const url of strange)
    await expect(bytesOf(fake.messages.putMedium('x', 'image/png', url)), url).rejects.toThrow(
      'not lie on a host',
    );
  for (const id of ['../me', '', 'a/b', '.', 'x'.repeat(200)])
    await expect(bytesOf(id), id).rejects.toThrow('no id that Meta gives');
  await expect(bytesOf('404404')).rejects.toThrow('could not be fetched');
  expect(new Set(asked)).toEqual(new Set([new URL(fake.url).host]));
});

test('a redirect of the file host is not followed', async () => {
  const media = { url: 'https://lookaside.fbsbx.com/x', mime_type: 'image/png', file_size: 3, id: '1' };
  const asked: string[] = [];
  const { adapter } = await idle((input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    asked.push(url);
    expect(init?.redirect).toBe('manual');
    const location = { location: 'https://evil.example/' };
    return Promise.resolve(
      url.startsWith(media.url)
        ? new Response(null, { status: 302, headers: location })
        : Response.json(media),
    );
  });
  const file = { id: '1', kind: 'image', name: 'x', mime: 'image/png', bytes: null } as const;
  await expect(adapter.fetch?.(file, neverAborted())).rejects.toThrow('Meta answered 302');
  expect(asked).toHaveLength(2);
});

test('a file over the limit is refused by what Meta says of it, and by what comes', async () => {
  const limit = 100_000_000;
  const media = (size: number): object => ({ url: 'https://lookaside.fbsbx.com/x', file_size: size });
  const endless = (): ReadableStream<Uint8Array> =>
    new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1_000_000)) });
  const state = { said: limit + 1 };
  const { adapter } = await idle((input) => {
    const url = input instanceof Request ? input.url : input.toString();
    const isFile = url.includes('lookaside');
    return Promise.resolve(isFile ? new Response(endless()) : Response.json(media(state.said)));
  });
  const file = { id: '1', kind: 'image', name: 'x', mime: 'image/png', bytes: null } as const;
  await expect(adapter.fetch?.(file, neverAborted())).rejects.toThrow('over the 100 MB');
  state.said = 5;
  const stream = await adapter.fetch?.(file, neverAborted());
  await expect(new Response(stream).arrayBuffer()).rejects.toThrow('over the 100 MB');
});
