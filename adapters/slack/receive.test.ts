import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { until } from '#test/contract/adapter.ts';
import { bot, wrap } from '#test/fakes/slack/index.ts';
import { type Kind, parsePayload, type Reader } from './parse.ts';
import { run, runWithHook } from '#test/fakes/slack/running.ts';

const reader: Reader = {
  bot: { user: bot.user, team: bot.team, app: bot.app },
  now: 0,
  nameOf: (user) => (user === 'U8' ? 'Bob' : null),
};

test('five redeliveries out of order are one event each, and each is acknowledged', async () => {
  const { fake, sink } = await run();
  const said = ['one', 'two', 'three'].map((text) => fake.say(text).deliveries[0]);
  await until(() => sink.events.length === 3);
  for (const index of [2, 0, 1, 0, 2, 1, 1, 2, 0, 2, 1, 0, 0, 1, 2]) {
    const delivery = said[index];
    if (delivery !== undefined) fake.again(delivery);
  }
  await until(() => sink.offered.length >= 18 && said.every((delivery) => delivery?.acknowledged));
  expect(sink.events.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
});

test('the two events that a mention makes are one, answered in a thread of its own', async () => {
  const { fake, sink } = await run();
  const { message, deliveries } = fake.say(`<@${bot.user}> hello`, { channel: 'C1' });
  expect(deliveries).toHaveLength(2);
  await until(() => deliveries.every((delivery) => delivery.acknowledged));
  expect(new Set(sink.offered.map(({ platformId }) => platformId)).size).toBe(1);
  const chat = { channel: 'slack', chat: 'T1/C1', thread: message.ts };
  expect(sink.events).toMatchObject([{ text: 'hello', addressed: true, chat }]);
});

test('in a thread that the bot began it is addressed, in another and in the channel it is not', async () => {
  const { fake, sink } = await run();
  const ours = fake.chats.post({ channel: 'C1', text: 'good morning' });
  const theirs = fake.say('anybody?', { channel: 'C1' }).message;
  fake.say('and you?', { channel: 'C1', thread: ours.ts });
  fake.say('me', { channel: 'C1', thread: theirs.ts });
  await until(() => sink.events.length === 3);
  expect(sink.events.map(({ text, addressed, chat }) => [text, addressed, chat.thread])).toEqual([
    ['anybody?', false, null],
    ['and you?', true, ours.ts],
    ['me', false, theirs.ts],
  ]);
});

test('nothing is acknowledged before it is stored', async () => {
  const { fake } = await run({ acceptNever: true });
  const [delivery] = fake.say('important').deliveries;
  await until(() => (delivery?.attempts ?? 0) > 2);
  expect(delivery?.acknowledged).toBe(false);
});

test('another app and another workspace are refused, and said in the log', async () => {
  const { fake, sink, log } = await run();
  const event = { type: 'message', channel: 'D7', user: 'U7', text: 'let me in', ts: '1790000000.000100' };
  const foreign = [
    { ...wrap(event), api_app_id: 'A2' },
    { ...wrap(event), team_id: 'T2', authorizations: [{ team_id: 'T2' }] },
  ];
  const deliveries = foreign.map((payload) => fake.push(payload));
  await until(() => deliveries.every((delivery) => delivery.acknowledged));
  expect(sink.offered).toEqual([]);
  const reasons = ['it is for the app A2', 'it is for the workspace T2, T2'];
  for (const why of reasons) {
    expect(log.lines).toContainEqual({ event: 'event.skipped', channel: 'slack', type: 'foreign', why });
  }
});

test('a channel that is shared with another workspace belongs to ours', async () => {
  const { fake, sink } = await run();
  const event = {
    type: 'message',
    channel: 'C1',
    user: 'U9',
    user_team: 'T2',
    text: 'hi',
    ts: '1790000000.000100',
  };
  fake.push({ ...wrap(event), team_id: 'T2' });
  await until(() => sink.events.length === 1);
  expect(sink.events[0]?.sender.id).toBe('T2/U9');
});

test('a slash command is acknowledged with a word for its writer, once it is stored', async () => {
  const { fake, sink } = await run({ rejectAccepts: 1 });
  const deliveries = ['stop', '', 'what is on?', 'pair ABCD-1234'].map((text) => fake.command(text));
  await until(() => deliveries.every((delivery) => delivery.acknowledged));
  expect(sink.events.map(({ text }) => text).toSorted()).toEqual([
    '/help',
    '/pair ABCD-1234',
    '/stop',
    'what is on?',
  ]);
  expect(deliveries[0]?.answer).toEqual({ response_type: 'ephemeral', text: 'ok' });
});

test('nothing is kept by which somebody could speak as Slack or as the bot', () => {
  const secrets = { token: 'verification-token', response_url: 'https://hooks.slack.com/commands/T1/1/x' };
  const ids = { api_app_id: bot.app, team_id: bot.team, channel_id: 'D7', user_id: 'U7', trigger_id: '1.2' };
  const parsed = parsePayload('slash_commands', { text: 'token please', ...ids, ...secrets }, reader);
  if (parsed.type !== 'event') throw new Error(parsed.why);
  expect(parsed.event.raw).toContain('token please');
  for (const secret of Object.values(secrets)) expect(parsed.event.raw).not.toContain(secret);
});

test('a button that is pressed twice is two presses, and each of them once', async () => {
  const { fake, sink, adapter } = await run();
  const buttons = [{ label: 'Approve', value: '/approve 7F3K' }];
  const body = {
    kind: 'message',
    markdown: 'Run?',
    text: 'Run?',
    dialect: 'plain',
    replyTo: null,
    buttons,
  } as const;
  const address = { channel: 'slack', chat: 'T1/D7', thread: '1790000000.000100' };
  await adapter.send({ id: 'dlv_1', address, body, targetPlatformId: null }, new AbortController().signal);
  const [message] = fake.messages('D7');
  if (message === undefined) throw new Error('nothing was sent');
  const first = fake.press(message, '/approve');
  const second = fake.press(message, '/approve');
  if (first !== null) fake.again(first);
  await until(() => second?.acknowledged === true && first?.acknowledged === true);
  expect(sink.events).toHaveLength(2);
  const expected = { kind: 'button', text: '/approve 7F3K', replyTo: message.ts, chat: address };
  expect(sink.events).toMatchObject([expected, expected]);
});

test('an edit, a deletion, a reaction and its end', async () => {
  const { fake, sink } = await run();
  const { message } = fake.say('helo');
  fake.edit(message, 'hello');
  fake.react(message, 'eyes');
  fake.react(message, 'eyes', { taken: true });
  fake.unsay(message);
  await until(() => sink.events.length === 5);
  expect(sink.events.map(({ kind, text, messageId, replyTo }) => [kind, text, messageId, replyTo])).toEqual([
    ['message', 'helo', message.ts, null],
    ['edit', 'hello', message.ts, null],
    ['reaction', '👀', null, message.ts],
    ['reaction', '', null, message.ts],
    ['deletion', '', message.ts, null],
  ]);
});

test('without names people go by their ids, and nobody is asked about again and again', async () => {
  const { fake, sink } = await run({ before: (fake) => fake.refuseNext('users.info', 'missing_scope') });
  for (const text of ['one', 'two', 'three']) fake.say(text);
  await until(() => sink.events.length === 3);
  expect(sink.events[2]?.sender).toEqual({ id: 'T1/U7', name: 'U7' });
  expect(fake.callsOf('users.info').length).toBeLessThan(3);
});

test('HTTP mode: signed, committed, then 200; refused and tried again', async () => {
  const { fake, sink, post } = await runWithHook({ rejectAccepts: 1 });
  const deliveries = [...fake.say('over the hook').deliveries, fake.command('stop')];
  const { message } = fake.say('react to this');
  fake.react(message, 'wave');
  await until(() => deliveries.every((delivery) => delivery.acknowledged) && sink.events.length === 4);
  expect(deliveries[1]?.answer).toEqual({ response_type: 'ephemeral', text: 'ok' });
  expect(fake.sockets.connections).toBe(0);
  const challenge = await post('{"type":"url_verification","challenge":"3eZbr","token":"x"}');
  expect([challenge?.status, await challenge?.json()]).toEqual([200, { challenge: '3eZbr' }]);
});

test('HTTP mode: what is not signed, signed with another secret, altered or old is refused alike', async () => {
  const { sink, post } = await runWithHook();
  const body = JSON.stringify(
    wrap({ type: 'message', channel: 'D7', user: 'U7', text: 'x', ts: '1790000000.1' }),
  );
  const old = Math.floor(Date.now() / 1000) - 301;
  const answers = [
    await post(body, { secret: 'guessed' }),
    await post(body, { seconds: old }),
    await post(body, { seconds: old + 602 }),
    await post(body, { sign: body.replace('U7', 'U8') }),
    await post(body, { headers: { 'x-slack-signature': '' } }),
    await post(body, { headers: { 'x-slack-request-timestamp': 'now' } }),
  ];
  expect(answers.map((answer) => answer?.status)).toEqual([401, 401, 401, 401, 401, 401]);
  expect(sink.offered).toEqual([]);
  expect((await post(body))?.status).toBe(200);
});

test('HTTP mode: too much is turned away, and what cannot be read counts as received', async () => {
  const { sink, post } = await runWithHook();
  expect((await post(`{"x":"${'y'.repeat(1_048_577)}"}`))?.status).toBe(413);
  const odd = ['{', 'payload=no', 'a=b', '{"type":"event_callback"}'];
  for (const body of odd) expect((await post(body))?.status).toBe(200);
  expect(sink.offered).toEqual([]);
});

test('in socket mode there is no HTTP door', async () => {
  const { adapter } = await run();
  expect('handle' in adapter).toBe(false);
});

test('whatever comes in, reading it ends in an event or a reason', () => {
  const kinds: readonly Kind[] = ['events_api', 'interactive', 'slash_commands'];
  const wrapped = fc.record({
    type: fc.constant('event_callback'),
    api_app_id: fc.constant('A1'),
    team_id: fc.constant('T1'),
    event: fc.record({
      type: fc.constantFrom('message', 'app_mention', 'reaction_added'),
      channel: fc.jsonValue(),
    }),
  });
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.oneof(fc.jsonValue(), wrapped), (kind, payload) => {
      expect(['event', 'ignored', 'foreign', 'unreadable']).toContain(
        parsePayload(kind, payload, reader).type,
      );
    }),
  );
});

test.each([
  ['<@U8> and <@U9|cat> in <#C1|general> or <#C2>', '@Bob and @cat in #general or #C2'],
  ['<!here> <!subteam^S1|@ops> <!date^17^{date}|today>', '@here @ops today'],
  [
    '<https://a.b/c?d&amp;e|text>, <https://a.b>, <http://a.b|a.b>',
    'text (https://a.b/c?d&e), https://a.b, http://a.b',
  ],
  ['<mailto:x@y.z|x@y.z> 1 &lt; 2 &amp;amp; &gt;', 'x@y.z 1 < 2 &amp; >'],
  ['<@UBOT>, please', 'please'],
  ['ask <@UBOT|tiro> now', 'ask @tiro now'],
])('%s reads as %s', (text, expected) => {
  const event = { type: 'message', channel: 'D7', user: 'U7', text, ts: '1790000000.000100' };
  const parsed = parsePayload('events_api', wrap(event), reader);
  expect(parsed.type === 'event' ? parsed.event.text : parsed).toBe(expected);
});
