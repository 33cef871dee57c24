import { expect, test } from 'vitest';
import { until } from '#test/contract/adapter.ts';
import { createTestDeps } from '#test/fakes/sink.ts';
import { type FakeGraph, ownNumber, signed, webhook } from '#test/fakes/graph/index.ts';
import { appSecret, doorUrl, run, settingsFor, verifyToken } from '#test/fakes/graph/running.ts';
import { createWhatsAppCloud } from './index.ts';

const said = (text: string, id = `wamid.${text}`, from = '16505551234'): object => ({
  from,
  id,
  timestamp: '1789999990',
  type: 'text',
  text: { body: text },
});
const acknowledged = (fake: FakeGraph): boolean => fake.deliveries.every((one) => one.acknowledged);

test('Meta asks with the verify token and is given its challenge back as plain text', async () => {
  const { adapter } = await run();
  const ask = async (query: Readonly<Record<string, string>>): Promise<Response | undefined> =>
    adapter.handle?.(new Request(`${doorUrl}?${new URLSearchParams(query).toString()}`));
  const right = {
    'hub.mode': 'subscribe',
    'hub.verify_token': verifyToken,
    'hub.challenge': '1158201444',
  };
  const answer = await ask(right);
  expect(answer?.status).toBe(200);
  expect(answer?.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(await answer?.text()).toBe('1158201444');
  const wrong = [
    { ...right, 'hub.verify_token': `${verifyToken}x` },
    { ...right, 'hub.verify_token': '' },
    { ...right, 'hub.mode': 'unsubscribe' },
    { ...right, 'hub.challenge': '<script>alert(1)</script>' },
    { 'hub.mode': 'subscribe', 'hub.challenge': '1' },
  ];
  for (const query of wrong) expect((await ask(query))?.status, JSON.stringify(query)).toBe(403);
});

test('no signature, or one that is wrong, cut off, in capitals, of another length or of other bytes: 401, nothing is stored', async () => {
  const { post, sink } = await run();
  const body = JSON.stringify(webhook({ messages: [said('let me in')] }));
  const right = signed(body, 'another secret');
  const hex = right['x-hub-signature-256'] ?? '';
  const bad = [
    '',
    'sha256=',
    hex,
    hex.slice(0, -1),
    hex.toUpperCase(),
    `${hex}00`,
    'sha1=abc',
    'x'.repeat(5_000),
    '=é',
  ];
  for (const signature of bad) {
    const { status } = await post(body, { 'x-hub-signature-256': encodeURI(signature) });
    expect(status, signature.slice(0, 80)).toBe(401);
  }
  expect(sink.offered).toEqual([]);
  expect((await post(body)).status).toBe(200);
});

test('the right signature in capitals, or without its prefix, is none', async () => {
  const { post, sink } = await run();
  const body = JSON.stringify(webhook({ messages: [said('hello')] }));
  const right = signed(body, appSecret)['x-hub-signature-256'] ?? '';
  const bad = [right.toUpperCase(), right.replace('sha256=', ''), right.slice(0, -2), `${right}0`];
  for (const signature of bad)
    expect((await post(body, { 'x-hub-signature-256': signature })).status).toBe(401);
  expect(sink.offered).toEqual([]);
});

test('the bytes are signed, not what they mean: the same JSON written otherwise is refused', async () => {
  const { post, sink } = await run();
  const payload = webhook({ messages: [said('hello')] });
  const headers = signed(JSON.stringify(payload), appSecret);
  const others = [
    JSON.stringify(payload, null, 2),
    ` ${JSON.stringify(payload)}`,
    `\u{FEFF}${JSON.stringify(payload)}`,
    JSON.stringify(payload).replace('hello', '\\u0068ello'),
  ];
  for (const body of others) expect((await post(body, headers)).status).toBe(401);
  expect(sink.offered).toEqual([]);
});

test('what is no UTF-8, no JSON, nested without end, or plays with prototypes costs nothing and holds nothing up', async () => {
  const { post, sink, log } = await run();
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const nested = JSON.stringify(webhook({ messages: [said('deep')] })).replace(
    '"body":"deep"',
    `"body":"deep","x":${deep}`,
  );
  const own = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}';
  const bodies = [
    new Uint8Array([0xff, 0xfe, 0x7b]),
    '',
    'null',
    '[]',
    '{"object":"page"}',
    deep,
    nested,
    own,
  ];
  for (const body of bodies) expect((await post(body)).status).toBe(200);
  expect(Reflect.get({}, 'isAdmin')).toBeUndefined();
  expect((await post(JSON.stringify(webhook({ messages: [said('after it')] })))).status).toBe(200);
  expect(sink.events.map(({ text }) => text)).toEqual(['after it']);
  expect(log.lines).toContainEqual(expect.objectContaining({ event: 'event.skipped' }));
});

test('a body over the limit is refused before it is read', async () => {
  const { post, adapter } = await run();
  expect(adapter.hooks).toEqual({ names: ['whatsapp'], maxBytes: 4 * 1024 * 1024 });
  expect((await post('x'.repeat(4 * 1024 * 1024 + 1))).status).toBe(413);
});

test('one POST holds several entries, changes and messages: all are heard, those of other numbers are not', async () => {
  const { fake, sink, log } = await run();
  const mine = webhook({ messages: [said('one'), said('two', 'wamid.2', '16505559999')] });
  const other = webhook({ messages: [said('not for us')] }, '999999999');
  const entry = [mine, other, webhook({ messages: [said('three')] })].flatMap((one) =>
    Array.isArray(one['entry']) ? one['entry'] : [],
  );
  fake.push({ object: 'whatsapp_business_account', entry });
  await until(() => acknowledged(fake));
  expect(sink.events.map(({ text, sender }) => [text, sender.id])).toEqual([
    ['one', '16505551234'],
    ['two', '16505559999'],
    ['three', '16505551234'],
  ]);
  expect(log.lines).toContainEqual(expect.objectContaining({ why: 'for another phone number' }));
});

test('a bad message never holds up the rest of its POST, and what it says is not logged', async () => {
  const { fake, sink, log } = await run();
  const bad = [
    { ...said('secret words'), timestamp: undefined, id: 7 },
    { ...said('secret words'), from: 'ann', id: 'wamid.name' },
    { ...said('secret words'), from: undefined, from_user_id: 'nobody', id: 'wamid.nobody' },
    { ...said('secret words'), text: { body: 7 }, id: 'wamid.seven' },
    { ...said('secret words'), group_id: 'G1', id: 'wamid.group' },
    {
      ...said('secret words'),
      type: 'system',
      system: { body: 'x', type: 'user_changed_number' },
      id: 'wamid.sys',
    },
    { ...said('\u{D800}'), id: 'wamid.\u{D800}' },
    null,
    'text',
  ];
  fake.push(webhook({ messages: [...bad, said('good')], contacts: [null, 7, { profile: null }] }));
  await until(() => acknowledged(fake));
  expect(sink.events.map(({ text }) => text)).toEqual(['good']);
  const skipped = JSON.stringify(log.lines);
  for (const id of ['wamid.name', 'wamid.nobody', 'wamid.seven', 'wamid.group', 'wamid.sys'])
    expect(skipped).toContain(id);
  expect(skipped).not.toContain('secret words');
});

test('the same POST again, after a restart too, is the same event', async () => {
  const first = await run();
  const delivery = first.fake.say('once');
  await until(() => delivery.acknowledged);
  first.fake.again(delivery);
  await until(() => delivery.acknowledged);
  await first.stop();
  const second = await run({ on: first.fake });
  first.fake.again(delivery);
  await until(() => second.sink.offered.length === 1);
  const ids = [...first.sink.offered, ...second.sink.offered].map(({ platformId }) => platformId);
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
});

test('what cannot be stored is answered with 503, and Meta brings it again; so is all before the start', async () => {
  const { fake, sink, post } = await run({ rejectAccepts: 1 });
  expect((await post(JSON.stringify(webhook({ messages: [said('first')] })))).status).toBe(503);
  expect((await post(JSON.stringify(webhook({ messages: [said('first')] })))).status).toBe(200);
  expect(sink.events).toHaveLength(1);
  const idle = createWhatsAppCloud(createTestDeps(), settingsFor(fake));
  const body = JSON.stringify(webhook({ messages: [said('early')] }));
  const headers = signed(body, appSecret);
  const answer = await idle.handle?.(new Request(doorUrl, { method: 'POST', body, headers }));
  expect(answer?.status).toBe(503);
});

test.each([
  [{ type: 'sticker', sticker: { id: '1', mime_type: 'image/webp', animated: true } }, '[sticker]'],
  [
    {
      type: 'contacts',
      contacts: [{ name: { formatted_name: 'Bob "]"' }, phones: [{ phone: '+1 (940) 555' }] }],
    },
    `[contact: Bob ')', +1 (940) 555]`,
  ],
  [{ type: 'location', location: { latitude: 1.5, longitude: -2 } }, '[location: 1.5, -2]'],
])('what has no words is told in brackets: %j', async (part, text) => {
  const { fake, sink } = await run();
  fake.send(part);
  await until(() => sink.events.length === 1);
  expect(sink.events[0]?.text).toBe(text);
});

test('a list, a button of a template, a reaction taken back, an edit and a message taken back', async () => {
  const { fake, sink } = await run();
  const context = { from: ownNumber, id: 'wamid.OUT' };
  fake.send(
    { type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: 'v1', title: 'One' } } },
    { context },
  );
  fake.send({ type: 'button', button: { payload: 'v2', text: 'Two' } }, { context });
  fake.send({ type: 'reaction', reaction: { message_id: 'wamid.OUT' } });
  const edited = { type: 'text', text: { body: 'better words' }, context: {} };
  fake.send({ type: 'edit', edit: { original_message_id: 'wamid.1', message: edited } });
  fake.send({ type: 'revoke', revoke: { original_message_id: 'wamid.1' } });
  await until(() => sink.events.length === 5);
  expect(sink.events).toMatchObject([
    { kind: 'button', text: 'v1', messageId: null, replyTo: 'wamid.OUT' },
    { kind: 'button', text: 'v2', messageId: null, replyTo: 'wamid.OUT' },
    { kind: 'reaction', text: '', messageId: null, replyTo: 'wamid.OUT' },
    { kind: 'edit', text: 'better words', messageId: 'wamid.1' },
    { kind: 'deletion', text: '', messageId: 'wamid.1' },
  ]);
});

test('a name is only a name: who it is says the number', async () => {
  const { fake, sink } = await run();
  fake.say('I am the owner', { from: '16505550000', name: '16505551234' });
  await until(() => sink.events.length === 1);
  expect(sink.events[0]?.sender).toEqual({ id: '16505550000', name: '16505551234' });
  expect(sink.events[0]?.chat.chat).toBe('16505550000');
});
