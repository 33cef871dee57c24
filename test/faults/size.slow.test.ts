import { afterAll, beforeAll, expect, test } from 'vitest';
import { defineTool } from '#core/tool.ts';
import { z } from 'zod';
import { type FakeReply, type FakeRequest, lastUserText } from '#test/fakes/model/protocol.ts';
import { until } from '#test/until.ts';
import { type FaultyWorld, memoryMb, post, repeat, startFaultyWorld } from './world.ts';

const emoji = '🦜';
/** A megabyte in UTF-8. */
const many = emoji.repeat(262_144);
const ann = 7;

function script(request: FakeRequest): FakeReply | string {
  const text = lastUserText(request);
  const last = request.body.messages.at(-1);
  if (last?.role === 'tool') return { text: `got ${String(last.content).length} characters` };
  if (text.includes('use the aviary')) return { toolCalls: [{ name: 'aviary', arguments: '{}' }] };
  if (text.includes('say it all')) return { text: many };
  if (text.includes(emoji)) return `that were ${text.split(emoji).length - 1}`;
  return repeat(request);
}

let world: FaultyWorld;
beforeAll(async () => {
  const aviary = defineTool({
    name: 'aviary',
    description: 'All birds.',
    effect: 'pure',
    timeoutMs: 5_000,
    resultLimit: 2_000,
    roles: ['owner', 'member'],
    input: z.object({}),
    run: async () => ({ ok: true, content: many }),
  });
  world = await startFaultyWorld({
    people: 40,
    model: { script },
    seams: { tools: [aviary], rules: [{ tool: 'aviary', decision: 'allow' }] },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

function chunksOf(who: number): readonly string[] {
  return world.telegram.messages(who).map(({ text }) => text);
}

test('a megabyte of emoji as a message: taken whole, answered, and the model is shown what it was', async () => {
  const before = memoryMb();
  world.say(ann, many);
  await world.answered(ann, 'that were 262144');
  expect(memoryMb() - before).toBeLessThan(150);
  world.say(ann, 'and now?');
  await world.sees(ann, 'Earlier messages of this conversation are left out here');
  await world.sees(ann, 'and now?');
});

test('a megabyte by the API: up to 1 MiB is taken, more is refused in words, and the next is answered', async () => {
  const fits = emoji.repeat(262_000);
  expect((await post(world.gateway, '/api/messages', { text: fits })).status).toBe(202);
  const refused = await post(world.gateway, '/api/messages', { text: many });
  expect(refused.status).toBe(413);
  expect(await refused.text()).toContain('larger than 1048576 bytes');
  expect(await world.ask('and now?')).toMatchObject({ status: 'done' });
});

test('a megabyte of emoji as a reply: cut at the limit, said so, in whole characters and whole messages', async () => {
  const who = 8;
  world.say(who, 'say it all');
  await world.sees(who, 'cut off');
  const chunks = chunksOf(who);
  expect(chunks.every((text) => text.length <= 4_096 && text.isWellFormed())).toBe(true);
  const shown = chunks.join('').split(emoji).length - 1;
  expect(shown).toBeGreaterThan(10_000);
  expect(shown).toBeLessThan(262_144);
});

test('a megabyte of emoji as a result: stored within its limit, folded for the model, in whole characters', async () => {
  const who = 9;
  world.say(who, 'use the aviary');
  const { text } = await world.sees(who, 'got ');
  expect(Number(/\d+/.exec(text)?.[0])).toBeLessThan(3_000);
  const asked = world.model.requests.at(-1);
  expect(asked?.raw.length).toBeLessThan(20_000);
  const result = asked?.body.messages.at(-1)?.content;
  expect(typeof result === 'string' && result.isWellFormed()).toBe(true);
});

test('4,000 small messages from 40 people: each is read once, in order, and the memory stays', async () => {
  const before = memoryMb();
  const read = new Map<string, number[]>();
  world.model.setScript((request) => {
    const words = lastAsked(request);
    for (const [, who = '', number = ''] of words.matchAll(/small (\d+)-(\d+)/g)) {
      read.set(who, [...(read.get(who) ?? []), Number(number)]);
    }
    return 'noted';
  });
  const people = Array.from({ length: 40 }, (_, index) => 7 + index);
  for (let number = 0; number < 100; number += 1) {
    for (const who of people) world.say(who, `small ${who}-${number}`);
  }
  await until(
    'all are read',
    () => people.every((who) => new Set(read.get(String(who))).size === 100),
    25_000,
  );
  await until(
    'all is said',
    async () => (await world.run('outbox.list', { status: 'queued', limit: 1 })).length === 0,
  );
  for (const who of people) {
    const firsts = [...new Set(read.get(String(who)))];
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
  }
  expect(memoryMb() - before).toBeLessThan(200);
});

/** What people said since the last answer. */
function lastAsked({ body }: FakeRequest): string {
  const { messages } = body;
  const from = messages.findLastIndex(({ role }) => role === 'assistant') + 1;
  return messages
    .slice(from)
    .map(({ content }) => (typeof content === 'string' ? content : ''))
    .join('\n');
}
