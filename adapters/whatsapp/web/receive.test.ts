import { proto } from 'baileys';
import { expect, test } from 'vitest';
import type { DeliveryBody } from '#core/delivery.ts';
import { ann, bob, group, startLinked } from '#test/fakes/whatsapp/running.ts';
import { createTestDeps } from '#test/fakes/sink.ts';
import { newId } from '#test/fakes/whatsapp/wire/stanza.ts';
import { until } from '#test/until.ts';
import { contentOf } from './content.ts';

const texts = (events: readonly { readonly text: string }[]): readonly string[] =>
  events.map(({ text }) => text);

test('a message is stored before its sender sees that it arrived', async () => {
  let acknowledgedAt = 0;
  const { fake, sink } = await startLinked({ onAcknowledged: () => (acknowledgedAt = sink.events.length) });
  await fake.say(fake.phone(ann), 'hello');
  await until('it is acknowledged', () => fake.deliveries.acknowledged() === 1);
  expect(acknowledgedAt).toBe(1);
});

test('stored, then killed before the keys moved on: it is opened again and known', async () => {
  const first = await startLinked({ faults: { acceptNever: true } });
  await first.fake.say(first.fake.phone(ann), 'important');
  await until('it was handed in', () => first.sink.offered.length === 1);
  await first.stop();
  const second = await first.again();
  await until('it is acknowledged', () => first.fake.deliveries.acknowledged() === 1);
  expect(second.sink.events).toMatchObject([{ platformId: first.sink.offered[0]?.platformId }]);
  expect(first.fake.deliveries.retries()).toBe(0);
});

test('stored, then killed before the receipt: it is not opened a second time, nor asked for anew', async () => {
  const { fake, sink } = await startLinked();
  const id = await fake.say(fake.phone(ann), 'once');
  await until('it is acknowledged', () => fake.deliveries.acknowledged() === 1);
  for (let n = 0; n < 3; n += 1) fake.again(id);
  await fake.say(fake.phone(ann), 'behind it');
  await until('all are acknowledged', () => fake.deliveries.acknowledged() === 5);
  expect(texts(sink.offered)).toEqual(['once', 'behind it']);
  expect(fake.deliveries.retries()).toBe(0);
});

test('what was said while it was away comes in its order, and once', async () => {
  const first = await startLinked();
  const { fake } = first;
  await fake.say(fake.phone(ann), 'before');
  await until('it is stored', () => first.sink.events.length === 1);
  await first.stop();
  for (const text of ['one', 'two', 'three']) await fake.say(fake.phone(ann), text);
  const second = await first.again();
  await until('all is there', () => second.sink.events.length === 3);
  expect(texts(second.sink.events)).toEqual(['one', 'two', 'three']);
});

test('behind what could not be stored nothing overtakes', async () => {
  const { fake, sink } = await startLinked({ faults: { rejectAccepts: 1 } });
  await Promise.all(['one', 'two', 'three'].map((text) => fake.say(fake.phone(ann), text)));
  await until('all is there', () => sink.events.length === 3);
  expect(texts(sink.events)).toEqual(['one', 'two', 'three']);
  await until('all is acknowledged', () => fake.deliveries.acknowledged() === 3);
});

test.each([
  ['who hides behind a number', /^key lid-mapping /],
  ['the keys', /^key session /],
])('while %s cannot be stored nothing is told to WhatsApp, which brings it again', async (_, refused) => {
  const { state } = createTestDeps();
  let isFull = false;
  let refusals = 0;
  const { setAll } = state;
  state.setAll = async (entries) => {
    if (isFull && Object.keys(entries).some((key) => refused.test(key))) {
      refusals += 1;
      throw new Error('disk full');
    }
    await setAll(entries);
  };
  const { fake, sink } = await startLinked({ state });
  isFull = true;
  await fake.say(fake.phone(ann), 'important');
  await until('it was refused', () => refusals > 1);
  expect([fake.deliveries.acknowledged(), fake.deliveries.retries()]).toEqual([0, 0]);
  isFull = false;
  await until('it is stored and acknowledged', () => fake.deliveries.acknowledged() === 1);
  expect(texts(sink.events)).toEqual(['important']);
  expect(fake.deliveries.retries()).toBe(0);
});

test('while the keys cannot be read nothing is told to WhatsApp, which brings it again', async () => {
  const { state } = createTestDeps();
  let toRefuse = 0;
  const { get } = state;
  state.get = async (key) => {
    if (toRefuse > 0 && key.startsWith('seen ')) {
      toRefuse -= 1;
      throw new Error('the store is not available');
    }
    return await get(key);
  };
  const { fake, sink } = await startLinked({ state });
  toRefuse = 2;
  await fake.say(fake.phone(ann), 'important');
  await until('it is acknowledged', () => fake.deliveries.acknowledged() === 1);
  expect([texts(sink.events), fake.deliveries.retries()]).toEqual([['important'], 0]);
});

test('what cannot be decrypted is asked for anew, and the sender sends it again', async () => {
  const { fake, sink, state } = await startLinked();
  await fake.say(fake.phone(ann), 'first');
  await until('it is stored', () => sink.events.length === 1);
  const sessions = Object.keys(await state.list('key session '));
  await state.setAll(Object.fromEntries(sessions.map((key) => [key, null])));
  const keys = Object.keys(await state.list('key pre-key '));
  await state.setAll(Object.fromEntries(keys.map((key) => [key, null])));
  await fake.say(fake.phone(ann), 'second');
  await until('it came in another way', () => sink.events.length === 2, 30_000);
  expect(texts(sink.events)).toEqual(['first', 'second']);
  expect(fake.deliveries.retries()).toBeGreaterThan(0);
});

test('keys of a group outlive the process', async () => {
  const first = await startLinked();
  const { fake } = first;
  await fake.say(fake.phone(ann), 'one', { group });
  await until('it is stored', () => first.sink.events.length === 1);
  await first.stop();
  const second = await first.again();
  await fake.say(fake.phone(ann), 'two', { group });
  await until('so is the next', () => second.sink.events.length === 1);
  expect(second.sink.events).toMatchObject([
    { text: 'two', direct: false, chat: { chat: 'group-120363000000000001' } },
  ]);
  expect(fake.deliveries.retries()).toBe(0);
});

test('one person has one identity, by the number or by the one that hides it', async () => {
  const { fake, sink } = await startLinked();
  const phone = fake.phone(ann);
  await fake.say(phone, 'by number');
  await fake.say(phone, 'hidden', { hidden: true });
  await fake.say(phone, 'in a group', { group, attrs: { participant: phone.lid } });
  await until('all is there', () => sink.events.length === 3);
  expect(sink.events.map(({ sender }) => sender.id)).toEqual([ann, ann, ann]);
  expect([texts(sink.events), fake.deliveries.retries()]).toEqual([['by number', 'hidden', 'in a group'], 0]);
  expect(sink.events.slice(0, 2).map(({ chat }) => chat.chat)).toEqual([ann, ann]);
});

test('who is known only by the hidden number is another than everybody, and can be answered', async () => {
  const { fake, sink, send } = await startLinked();
  const stranger = fake.phone('4917000000777');
  await fake.say(stranger, 'who am I?', { hidden: true });
  await until('it is there', () => sink.events.length === 1);
  const [event] = sink.events;
  expect(event?.sender.id).toBe(`lid:${stranger.lid.replace('@lid', '')}`);
  const body = {
    kind: 'message',
    markdown: 'x',
    text: 'hello',
    dialect: 'plain',
    replyTo: null,
    buttons: [],
  } satisfies DeliveryBody;
  const chat = event?.chat ?? { channel: 'whatsapp', chat: '', thread: null };
  expect(await send(body, { address: chat })).toMatchObject({ ok: true });
  expect(fake.screen(stranger.user).texts()).toEqual(['hello']);
});

test('in the chat with oneself only the phone is heard, so that no two programs talk to each other', async () => {
  const { fake, sink, send } = await startLinked();
  const { jid, user } = fake.owner;
  const deviceSentMessage = { destinationJid: jid, message: { conversation: 'note to self' } };
  const said = { message: { deviceSentMessage }, attrs: { recipient: jid } };
  await fake.say(fake.owner, '', said);
  await fake.say(fake.owner, '', { ...said, attrs: { recipient: jid, from: jid.replace('@', ':7@') } });
  await fake.say(fake.phone(ann), 'behind them');
  await until('it is there', () => sink.events.some(({ text }) => text === 'behind them'), 30_000);
  expect(sink.events).toMatchObject([
    { text: 'note to self', direct: true, sender: { id: user }, chat: { chat: user } },
    { text: 'behind them' },
  ]);
  const body: DeliveryBody = {
    kind: 'message',
    markdown: '',
    text: 'noted',
    dialect: 'plain',
    replyTo: null,
    buttons: [],
  };
  expect(await send(body, { address: { channel: 'whatsapp', chat: user, thread: null } })).toMatchObject({
    ok: true,
  });
  expect(fake.screen(user).texts()).toEqual(['noted']);
  expect(sink.events).toHaveLength(2);
});

test('a status, a channel and a call are no messages', async () => {
  const { fake, sink } = await startLinked();
  await fake.say(fake.phone(ann), 'my day', {
    attrs: { from: 'status@broadcast', participant: `${ann}@s.whatsapp.net` },
  });
  await fake.say(fake.phone(ann), 'news', { attrs: { from: '120363000000000009@newsletter' } });
  fake.push({
    tag: 'call',
    attrs: { id: newId(), from: `${ann}@s.whatsapp.net`, t: '1' },
    content: [{ tag: 'offer', attrs: { 'call-id': 'c1', 'call-creator': `${ann}@s.whatsapp.net` } }],
  });
  await fake.say(fake.phone(ann), 'a message');
  await until('it is there', () => sink.events.length > 0);
  expect(texts(sink.offered)).toEqual(['a message']);
});

test('nobody edits or deletes what somebody else said', async () => {
  const { fake, sink } = await startLinked();
  const mine = await fake.say(fake.phone(ann), 'transfer 10', { group });
  const { MESSAGE_EDIT } = proto.Message.ProtocolMessage.Type;
  const key = { remoteJid: group, fromMe: true, id: mine, participant: `${ann}@s.whatsapp.net` };
  const protocolMessage = { key, type: MESSAGE_EDIT, editedMessage: { conversation: 'transfer 10000' } };
  await fake.say(fake.phone(bob), '', { group, message: { protocolMessage } });
  await until('both are there', () => sink.events.length === 2);
  const [said, edit] = sink.events;
  expect(said?.messageId).toBe(`${ann}/${mine}`);
  expect(edit).toMatchObject({ kind: 'edit', messageId: `${bob}/${mine}`, sender: { id: bob } });
});

test('of a contact card the numbers are read line by line', () => {
  const vcard = 'BEGIN:VCARD\nTEL;TYPE=CELL:+49 170 1\nTEL\nNOTE:not a number\nEND:VCARD';
  const said = contentOf({ contactMessage: { displayName: 'Cat', vcard } });
  expect(said?.text).toBe('[contact: Cat +49 170 1]');
});
