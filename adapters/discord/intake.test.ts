import { expect, test } from 'vitest';
import { createTestDeps, createTestLog, createTestSink } from '#test/fakes/sink.ts';
import { until } from '#test/until.ts';
import type { Client, Request } from './client.ts';
import { createPlaces } from './places.ts';
import { createIntake } from './receive.ts';
import { snowflakeAt } from './snowflake.ts';

const [me, guild, general, random] = ['900', '800', '700', '701'];
const startedAt = Date.now();
/** A message id of so many milliseconds after the start. */
const at = (ms: number): string => snowflakeAt(startedAt + ms);

function mention(id: string, channel = general): unknown {
  return {
    id,
    channel_id: channel,
    guild_id: guild,
    content: `<@${me}> hello`,
    author: { id: '5', username: 'ann' },
    mentions: [{ id: me, username: 'tiro' }],
    timestamp: new Date(startedAt).toISOString(),
  };
}

/** One connection of an intake; `history` is what Discord gives back of each channel. */
function open(history: Readonly<Record<string, readonly unknown[]>> = {}) {
  const read: string[] = [];
  const call = ({ path }: Request): unknown => {
    const [, channel = ''] = /^\/channels\/(\d+)\/messages$/.exec(path) ?? [];
    read.push(channel);
    return history[channel] ?? [];
  };
  const client: Client = {
    call: async (request, schema) => ({ ok: true, value: schema.parse(call(request)) }),
    trustToken: () => undefined,
    download: () => Promise.reject(new Error('no files here')),
    close: () => undefined,
  };
  const deps = createTestDeps(createTestLog());
  const interactions = { begin: () => () => undefined, register: () => Promise.resolve() };
  const intake = createIntake({ ...deps, client, places: createPlaces({ ...deps, client }), interactions });
  const sink = createTestSink();
  const line = intake.open({ sink, signal: new AbortController().signal });
  let s = 0;
  const hand = (t: string, d: unknown): number => {
    s += 1;
    line.take({ t, d, s, stored: () => undefined });
    return s;
  };
  const greet = (session: string, channels: readonly object[]): number => {
    const [user, application] = [{ id: me }, { id: me }];
    const url = { resume_gateway_url: 'wss://gateway.test' };
    hand('READY', { session_id: session, ...url, user, application, guilds: [{ id: guild }] });
    return hand('GUILD_CREATE', { id: guild, joined_at: new Date(0).toISOString(), channels });
  };
  const stored = (upTo: number): Promise<unknown> =>
    until('it is stored', () => (intake.session()?.seq ?? 0) >= upTo);
  return { intake, sink, line, read, hand, greet, stored };
}

const places = [general, random].map((id) => ({ id, type: 0 }));

test('what waits when its session ends still names the bot', async () => {
  const { intake, sink, hand, greet, stored } = open();
  await stored(greet('first', places));
  intake.dropSession();
  hand('MESSAGE_CREATE', mention(at(1)));
  await until('it came', () => sink.events.length === 1);
  expect(sink.events[0]).toMatchObject({ addressed: true, text: 'hello' });
});

test('a message of another channel that came late is read back, though what is newer was stored', async () => {
  const { sink, read, hand, greet, stored } = open({ [general]: [mention(at(1))] });
  await stored(greet('first', places));
  await stored(hand('MESSAGE_CREATE', mention(at(1_500), random)));
  const last = [
    { id: general, type: 0, last_message_id: at(1) },
    { id: random, type: 0, last_message_id: at(1_500) },
  ];
  greet('second', last);
  await until('it came', () => sink.events.length === 2);
  expect(read).toContain(general);
});

test('ids that are no numbers are skipped and stop nothing', async () => {
  const { sink, line, hand, greet } = open();
  greet('first', [{ id: general, type: 0, last_message_id: 'yesterday' }]);
  hand('MESSAGE_CREATE', mention('no-number'));
  hand('MESSAGE_CREATE', mention(at(1)));
  const failed = await Promise.race([line.failed, until('the next came', () => sink.events.length === 1)]);
  expect(failed).toBe(true);
});
