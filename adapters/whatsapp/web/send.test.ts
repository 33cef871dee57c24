import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { DeliveryBody, OutboundDelivery } from '#core/delivery.ts';
import { ann, bob, group, type Running, startLinked } from '#test/fakes/whatsapp/running.ts';
import { until } from '#test/until.ts';
import { idFor } from './send.ts';

const message = (text: string, replyTo: string | null = null): DeliveryBody => ({
  kind: 'message',
  markdown: text,
  text,
  dialect: 'whatsapp',
  replyTo,
  buttons: [],
});
const to = (chat: string): OutboundDelivery['address'] => ({ channel: 'whatsapp', chat, thread: null });

test('what is sent again carries the same id, also from another process, and is shown once', async () => {
  const first = await startLinked();
  const sent = await first.send(message('once'));
  await first.stop();
  const second = await first.again();
  expect(await second.send(message('once'))).toEqual(sent);
  expect(first.fake.calls.map(({ id }) => id)).toEqual(Array(2).fill(first.fake.calls[0]?.id));
  expect(first.fake.screen(ann).texts()).toEqual(['once']);
  expect(first.fake.screen(ann).repeats()).toBe(1);
});

test('an id belongs to one delivery, chat and text of an edit', () => {
  const one: OutboundDelivery = { id: 'dlv_1', address: to(ann), body: message('x'), targetPlatformId: null };
  const edit: DeliveryBody = {
    kind: 'edit',
    target: 'dlv_1',
    markdown: '',
    text: 'a',
    dialect: 'plain',
    buttons: [],
  };
  const all: readonly OutboundDelivery[] = [
    one,
    { ...one, id: 'dlv_2' },
    { ...one, address: to(bob) },
    { ...one, body: edit, targetPlatformId: '3EB0' },
    { ...one, body: { ...edit, text: 'b' }, targetPlatformId: '3EB0' },
  ];
  const ids = all.map(idFor);
  expect(new Set(ids).size).toBe(5);
  for (const id of ids) expect(id).toMatch(/^3EB0[0-9A-F]{18}$/);
  expect(idFor({ ...one, body: message('x (possibly repeated)') })).toBe(ids[0]);
});

test('answers quote, reactions stand at their message, and a deleted message is gone', async () => {
  const { fake, sink, send } = await startLinked();
  const id = await fake.say(fake.phone(ann), 'a question');
  await until('it is there', () => sink.events.length === 1);
  await send(message('an answer', sink.events[0]?.messageId ?? null));
  const [shown] = fake.screen(ann).messages;
  expect(shown?.message.extendedTextMessage?.contextInfo).toMatchObject({
    stanzaId: id,
    participant: `${ann}@s.whatsapp.net`,
  });
  const messageId = sink.events[0]?.messageId ?? '';
  expect(await send({ kind: 'reaction', messageId, emoji: '👍' })).toEqual({
    ok: true,
    platformId: messageId,
  });
  expect(fake.screen(ann).reactions.get(id)).toBe('👍');
  const targetPlatformId = shown?.id ?? '';
  expect(await send({ kind: 'delete', target: 'dlv_1' }, { targetPlatformId })).toMatchObject({ ok: true });
  expect(fake.screen(ann).texts()).toEqual([]);
});

test('a message is changed for a quarter of an hour, and not later', async () => {
  let now = Date.now();
  const { fake, send } = await startLinked({ now: () => now });
  const sent = await send(message('draft'));
  const targetPlatformId = sent.ok ? sent.platformId : '';
  const edit: DeliveryBody = {
    kind: 'edit',
    target: 'dlv_1',
    markdown: 'final',
    text: 'final',
    dialect: 'plain',
    buttons: [],
  };
  now += 14 * 60_000;
  expect(await send(edit, { targetPlatformId })).toMatchObject({ ok: true });
  now += 2 * 60_000;
  expect(await send({ ...edit, text: 'too late' }, { targetPlatformId })).toMatchObject({
    ok: false,
    error: { type: 'permanent', reason: expect.stringContaining('15 minutes') },
  });
  expect(fake.screen(ann).texts()).toEqual(['final']);
});

test('what the phone cannot read it asks for, and gets from another process too', async () => {
  const first = await startLinked();
  const { fake } = first;
  await first.send(message('first'));
  await first.stop();
  const second = await first.again();
  const [sent] = fake.calls;
  fake.lose(fake.phone(ann), sent?.id ?? '');
  await until(
    'it is sent anew',
    () => fake.calls.length > 1 && fake.screen(ann).texts().length === 1,
    30_000,
  );
  expect(fake.screen(ann).texts()).toEqual(['first']);
  await second.stop();
});

test('a number without WhatsApp is told as such, and nothing is sent', async () => {
  const { fake, send } = await startLinked();
  const result = await send(message('hello'), { address: to('4917099999999') });
  expect(result).toMatchObject({
    ok: false,
    error: { type: 'permanent', reason: 'this number has no WhatsApp' },
  });
  expect(await send(message('x'), { address: to('nobody') })).toMatchObject({ error: { type: 'permanent' } });
  expect(fake.calls).toEqual([]);
});

test('without a link nothing is sent', async () => {
  const { send, told } = await startLinked({ scans: false });
  await told(/^not linked/);
  expect(await send(message('x'))).toMatchObject({ ok: false, error: { type: 'transient' } });
});

test('into a group, with its keys', async () => {
  const { fake, sink, send } = await startLinked();
  await fake.say(fake.phone(ann), 'hello all', { group });
  await until('it is there', () => sink.events.length === 1);
  expect(await send(message('hello group'), { address: to('group-120363000000000001') })).toMatchObject({
    ok: true,
  });
  expect(
    await send(message('again'), { id: 'dlv_2', address: to('group-120363000000000001') }),
  ).toMatchObject({ ok: true });
  expect(fake.screen(group).texts()).toEqual(['hello group', 'again']);
});

test('typing is shown', async () => {
  const { fake, adapter } = await startLinked();
  await adapter.typing?.(to(ann));
  await until('it is seen', () => fake.heard.some(({ tag }) => tag === 'chatstate'));
});

function fileOf(bytes: Buffer, name: string, mime: string): DeliveryBody {
  const folder = mkdtempSync(join(tmpdir(), 'tiro-whatsapp-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), bytes);
  return {
    kind: 'file',
    path: join(folder, name),
    name,
    mime,
    caption: mime.startsWith('audio') ? '' : 'look',
  };
}

test('where WhatsApp once did not say where files go to, it is asked again', async () => {
  const { fake, send } = await startLinked();
  const body = fileOf(Buffer.from('a file'), 'note.pdf', 'application/pdf');
  fake.files.refuse(1);
  expect(await send(body)).toMatchObject({ ok: false, error: { type: 'transient' } });
  expect(await send(body)).toMatchObject({ ok: true });
});

async function roundTrip(running: Running, body: DeliveryBody): Promise<Buffer> {
  const { fake, sink, adapter, send } = running;
  expect(await send(body)).toMatchObject({ ok: true });
  const shown = fake.screen(ann).messages.at(-1);
  await fake.say(fake.phone(ann), '', { message: shown?.message ?? {} });
  await until('it came back', () => sink.events.length === 1);
  const [file] = sink.events[0]?.files ?? [];
  if (file === undefined || adapter.fetch === undefined) throw new Error('There is no file.');
  const stream = await adapter.fetch(file, new AbortController().signal);
  return Buffer.from(await new Response(stream).arrayBuffer());
}

test.each([
  ['photo.jpg', 'image/jpeg', 'imageMessage'],
  ['voice.ogg', 'audio/ogg; codecs=opus', 'audioMessage'],
  ['film.mp4', 'video/mp4', 'videoMessage'],
  ['bill.pdf', 'application/pdf', 'documentMessage'],
])('%s goes out encrypted and comes in as it was', async (name, mime, kind) => {
  const running = await startLinked();
  const bytes = Buffer.alloc(70_001, name);
  expect((await roundTrip(running, fileOf(bytes, name, mime))).equals(bytes)).toBe(true);
  expect(Object.keys(running.fake.screen(ann).messages[0]?.message ?? {})).toContain(kind);
  const [stored] = running.fake.files.stored.values();
  expect(stored?.includes(bytes.subarray(0, 64))).toBe(false);
});

test('a file that was changed on its way is refused, and one that is gone is told', async () => {
  const running = await startLinked();
  const { fake } = running;
  const body = fileOf(Buffer.alloc(5_000, 'x'), 'a.pdf', 'application/pdf');
  await roundTrip(running, body);
  const [[path, stored] = ['', Buffer.alloc(0)]] = fake.files.stored;
  const file = running.sink.events[0]?.files[0];
  if (file === undefined) throw new Error('There is no file.');
  const fetched = async (): Promise<unknown> =>
    await new Response(await running.adapter.fetch?.(file, new AbortController().signal)).arrayBuffer();
  stored[10] = (stored[10] ?? 0) ^ 1;
  await expect(fetched()).rejects.toThrow();
  fake.files.stored.delete(path);
  await expect(fetched()).rejects.toThrow('no longer has this file');
});
