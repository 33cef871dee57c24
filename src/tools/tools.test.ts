import { expect, test } from 'vitest';
import type { ChatKey } from '#core/address.ts';
import type { Tool, ToolContext, ToolResult } from '#core/tool.ts';
import type { StepBody } from '#core/step.ts';
import { createAgentWorld } from '#test/agent/world.ts';
import { noon } from '#test/kernel/clock.ts';
import { type TestGround, createGround } from '#test/kernel/ground.ts';
import { createExpandTool } from './expand.ts';
import { createTools } from './index.ts';
import { createNowTool } from './now.ts';
import { createSendMessageTool } from './send-message.ts';

const context: ToolContext = {
  turn: 'trn_1',
  conversation: 'cnv_1',
  chat: 'telegram:7',
  person: 'ann',
  role: 'owner',
  timezone: null,
  effectKey: 'trn_1:1:call_0',
  signal: new AbortController().signal,
};

async function use(tool: Tool, input: unknown, more: Partial<ToolContext> = {}): Promise<ToolResult> {
  const call = tool.prepare(typeof input === 'string' ? input : JSON.stringify(input));
  if (!call.ok) return { ok: false, content: call.error };
  return call.run({ ...context, ...more });
}

const now = createNowTool({
  clock: { now: () => noon, elapsed: () => 0, sleep: async () => {}, after: () => () => {} },
});

test.each<[string | undefined, string | null, string]>([
  [undefined, null, 'Friday, 20 November 2026 at 12:00:00 UTC (UTC; ISO 2026-11-20T12:00:00.000Z)'],
  [
    undefined,
    'Europe/Rome',
    'Friday, 20 November 2026 at 13:00:00 CET (Europe/Rome; ISO 2026-11-20T12:00:00.000Z)',
  ],
  [
    'Pacific/Kiritimati',
    'Europe/Rome',
    'Saturday, 21 November 2026 at 02:00:00 GMT+14 (Pacific/Kiritimati; ISO',
  ],
  ['Asia/Kathmandu', null, '17:45:00 GMT+5:45 (Asia/Kathmandu;'],
  ['asia/kathmandu', null, '17:45:00 GMT+5:45'],
  ['+05:30', null, '17:30:00 GMT+5:30'],
  ['Etc/GMT+12', null, '00:00:00 GMT-12'],
])('now in %s for somebody in %s', async (timezone, own, shown) => {
  const result = await use(now, { timezone }, { timezone: own });
  expect(result.ok).toBe(true);
  expect(result.content).toContain(shown);
});

test.each(['Mars/Base', '', ' ', '../etc/passwd', 'UTC; drop'])(
  'now refuses the zone %j with its path',
  async (timezone) => {
    expect(await use(now, { timezone })).toEqual({
      ok: false,
      content: expect.stringContaining('timezone: is no IANA time zone'),
    });
  },
);

/** A conversation of Ann's with one tool result, and the id of its step. */
async function withResult(content: string) {
  const world = await createAgentWorld();
  await world.receive('hi');
  const turn = await world.claim();
  const result: StepBody = { kind: 'result', callId: 'c', tool: 't', outcome: 'ok', content };
  const steps = await world.store.turns.append({
    turn: turn.id,
    at: noon,
    steps: [result],
    deliveries: [],
    settle: null,
    approvals: [],
    seal: false,
    end: null,
  });
  const tool = createExpandTool({ steps: world.store.steps });
  return { tool, id: steps[0]?.seq ?? 0, conversation: turn.conversation };
}

test('expand reads page after page, and the pages are the whole', async () => {
  const text = Array.from({ length: 4_000 }, (_, i) => (i % 7 === 0 ? '🦉' : `word${i} `)).join('');
  const { tool, id, conversation } = await withResult(text);
  let read = '';
  for (let offset: number | null = 0; offset !== null;) {
    const page = await use(tool, { id, offset }, { conversation });
    const end = page.content.lastIndexOf('\n[');
    read += page.content.slice(0, end);
    expect(page.content.isWellFormed()).toBe(true);
    const next = /characters follow: offset (\d+)\]$/.exec(page.content)?.[1];
    offset = next === undefined ? null : Number(next);
  }
  expect(read).toBe(text);
});

test('expand refuses what is not a result of this conversation, and tells nothing of it', async () => {
  const { tool, id, conversation } = await withResult('the secret of somebody else');
  const other = await use(tool, { id }, { conversation: 'cnv_other' });
  const missing = await use(tool, { id: 999 }, { conversation: 'cnv_other' });
  expect(other).toEqual({
    ok: false,
    content: `id: there is no tool result or file ${id} in this conversation`,
  });
  expect(missing).toEqual({
    ok: false,
    content: 'id: there is no tool result or file 999 in this conversation',
  });
  const input = await use(tool, { id: id - 1 }, { conversation });
  expect(input.ok).toBe(false);
});

test.each([['{}'], ['{"id":0}'], ['{"id":1.5}'], ['{"id":"x"}'], ['{"id":1,"offset":-1}'], ['nonsense']])(
  'expand refuses the arguments %s',
  async (input) => {
    const { tool } = await withResult('text');
    expect((await use(tool, input)).content).toMatch(/^The arguments do not fit/);
  },
);

/** Chats are known once somebody wrote in them. */
async function seen(ground: TestGround, chats: readonly (readonly [ChatKey, string, boolean?])[]) {
  const world = await createAgentWorld({ ground });
  for (const [chat, person, direct = true] of chats) {
    await ground.clock.pass(1_000);
    await world.receive('hi', { chat, person, direct });
  }
  return createSendMessageTool({ conversations: ground.store.conversations, ...ground });
}

test('send_message goes to the chat that is named, or to the latest one of a channel', async () => {
  const ground = await createGround();
  const tool = await seen(ground, [
    ['telegram:1', 'ann'],
    ['telegram:2', 'ann'],
    ['web:owner', 'ann'],
  ]);
  const send = (to: string) => use(tool, { to, text: `for ${to}` }, { effectKey: to });
  expect(await send('telegram:1')).toEqual({ ok: true, content: 'Queued for telegram:1.' });
  expect(await send('telegram')).toEqual({ ok: true, content: 'Queued for telegram:2.' });
  expect(await send('web')).toEqual({ ok: true, content: 'Queued for web:owner.' });
  expect(await ground.said('telegram:1')).toEqual(['for telegram:1']);
  expect(await ground.said('telegram:2')).toEqual(['for telegram']);
  const web = await ground.store.conversations.openOf('web:owner');
  const steps = await ground.store.steps.ofConversation(web?.id ?? 'cnv_none');
  expect(steps.at(-1)?.body).toEqual({ kind: 'said', text: 'for web' });
});

test('send_message reaches nobody else: not others’ chats, not groups, not strangers', async () => {
  const ground = await createGround();
  const tool = await seen(ground, [
    ['telegram:7', 'ann'],
    ['telegram:8', 'bob'],
    ['telegram:-5', 'ann', false],
  ]);
  for (const to of [
    'telegram:8',
    'telegram:-5',
    'telegram:99',
    'web',
    'telegram:7/1',
    'x'.repeat(500),
    'telegram:%',
  ]) {
    const result = await use(tool, { to, text: 'psst' }, { effectKey: to });
    expect(result, to).toEqual({ ok: false, content: expect.stringContaining('known: telegram:7') });
  }
  const said = await Promise.all((['telegram:7', 'telegram:8', 'telegram:-5'] as const).map(ground.said));
  expect(said).toEqual([[], [], []]);
});

test('send_message with one key says a thing once, however often it runs', async () => {
  const ground = await createGround();
  const tool = await seen(ground, [['telegram:7', 'ann']]);
  const message = { to: 'telegram:7', text: 'once' };
  await Promise.all([use(tool, message), use(tool, message)]);
  await use(tool, message);
  const open = await ground.store.conversations.openOf('telegram:7');
  const steps = await ground.store.steps.ofConversation(open?.id ?? 'cnv_none');
  expect(steps.filter((step) => step.body.kind === 'said')).toHaveLength(1);
  expect(await ground.said('telegram:7')).toEqual(['once']);
  await use(tool, message, { effectKey: 'another call' });
  expect(await ground.said('telegram:7')).toEqual(['once', 'once']);
});

test('send_message says so when the channel of a chat is not configured any more', async () => {
  const ground = await createGround();
  const tool = await seen(ground, [
    ['matrix:7', 'ann'],
    ['telegram:7', 'ann'],
  ]);
  expect(await use(tool, { to: 'matrix', text: 'hi' })).toEqual({
    ok: false,
    content: 'to: no chat of this person matches matrix; known: telegram:7',
  });
});

test('the tools of the kernel are for owners and members, and their names are what providers take', async () => {
  const ground = await createGround();
  for (const { spec, roles } of createTools({ ...ground.store, ...ground })) {
    expect(roles).toEqual(['owner', 'member']);
    expect(spec.name).toMatch(/^[a-z_]{1,64}$/);
    expect(spec.parameters).toMatchObject({ type: 'object' });
  }
});
