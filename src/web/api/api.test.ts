import { expect, test } from 'vitest';
import type { Script } from '../testing/kernel.ts';
import { testWeb } from '../testing/web.ts';

type Web = ReturnType<typeof testWeb>;

const post = (web: Web, path: string, body: unknown): Promise<Response> => postKeyed(null, web, path)(body);

function postKeyed(key: string | null, web: Web, path: string): (body: unknown) => Promise<Response> {
  const headers: Record<string, string> = key === null ? {} : { 'idempotency-key': key };
  return (body) =>
    web.request(path, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
}

const asking: Script = (turn) => {
  turn.reply('Let me.', 'send_message');
  turn.ask({ id: '7F3K', tool: 'send_message', arguments: '{"text":"hi"}' });
};

test('a message is stored and answered 202 with where it went', async () => {
  const web = testWeb();
  const response = await post(web, '/api/messages', { text: 'hello' });
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ conversation: 'cnv_000001', event: 'evt_000001' });
  expect(web.kernel.submissions).toEqual([
    {
      channel: 'api',
      chat: 'owner',
      user: null,
      conversation: null,
      isolated: false,
      text: 'hello',
      key: null,
      history: [],
    },
  ]);
  await post(web, '/api/messages', { text: 'again', conversation: 'cnv_000001', channel: 'cli' });
  expect(web.kernel.submissions[1]).toMatchObject({ channel: 'cli', conversation: 'cnv_000001' });
});

test.each([
  { why: 'no text', body: {}, names: 'text' },
  { why: 'only blanks', body: { text: '  \n' }, names: 'text' },
  { why: 'a text that is no text', body: { text: 7 }, names: 'text' },
  { why: 'a conversation that is no id', body: { text: 'x', conversation: 'main' }, names: 'conversation' },
  { why: 'an unknown channel', body: { text: 'x', channel: 'telegram' }, names: 'channel' },
  { why: 'a field that does not exist', body: { text: 'x', converstion: 'cnv_1' }, names: 'converstion' },
  { why: 'no JSON', body: '{', names: 'JSON' },
])('$why is answered 400 naming it', async ({ body, names }) => {
  const web = testWeb();
  const response = await post(web, '/api/messages', body);
  expect(response.status).toBe(400);
  const message: unknown = expect.stringContaining(names);
  expect(await response.json()).toEqual({ error: { code: 'bad-input', message } });
  expect(web.kernel.submissions).toHaveLength(0);
});

test('bytes that are no UTF-8 are refused, and a body over 1 MiB is 413 even when its length is not announced', async () => {
  const web = testWeb();
  const raw = (
    body: string | Uint8Array<ArrayBuffer> | ReadableStream,
    extra: object = {},
  ): Promise<Response> => web.request('/api/messages', { method: 'POST', body, ...extra });
  expect((await raw(new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400);
  const large = JSON.stringify({ text: 'x'.repeat(1024 * 1024) });
  expect((await raw(large)).status).toBe(413);
  const stream = new Blob([large]).stream();
  expect((await raw(stream, { duplex: 'half' })).status).toBe(413);
  expect(web.kernel.submissions).toHaveLength(0);
});

test('a body that breaks off is the caller’s doing: 400, and nothing in the log', async () => {
  const web = testWeb();
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('{"text":'));
      controller.error(new Error('aborted'));
    },
  });
  const broken = { method: 'POST', body, duplex: 'half' } as const;
  const response = await web.request('/api/messages', broken);
  expect(response.status).toBe(400);
  expect(web.defects).toEqual([]);
});

test('a key makes a repeat harmless; with another body it is a conflict', async () => {
  const web = testWeb();
  const send = postKeyed('k1', web, '/api/messages');
  const first: unknown = await (await send({ text: 'hello' })).json();
  expect(await (await send({ text: 'hello' })).json()).toEqual(first);
  expect((await send({ text: 'other' })).status).toBe(409);
  await post(web, '/api/messages', { text: 'x', channel: 'web' });
  expect((await send({ text: 'hello', conversation: 'cnv_000002' })).status).toBe(409);
  expect((await postKeyed('k'.repeat(256), web, '/api/messages')({ text: 'x' })).status).toBe(400);
  expect(web.kernel.events.size).toBe(2);
});

test('what became of a message can be asked', async () => {
  const web = testWeb();
  await post(web, '/api/messages', { text: 'hello' });
  const ask = async (): Promise<unknown> => (await web.request('/api/messages/evt_000001')).json();
  await expect.poll(ask).toEqual({
    event: 'evt_000001',
    conversation: 'cnv_000001',
    turn: 'trn_000001',
    status: 'done',
    reason: null,
  });
  expect((await web.request('/api/messages/evt_none')).status).toBe(404);
  expect((await web.request('/api/messages/nonsense')).status).toBe(404);
});

test('conversations are listed and shown with their steps', async () => {
  const web = testWeb();
  await post(web, '/api/messages', { text: 'hello' });
  await expect.poll(() => web.kernel.steps.length).toBe(3);
  expect(await (await web.request('/api/conversations')).json()).toMatchObject([
    { id: 'cnv_000001', title: 'hello' },
  ]);
  expect(await (await web.request('/api/conversations/cnv_000001')).json()).toMatchObject({
    conversation: { id: 'cnv_000001' },
    steps: [{ seq: 1, body: { kind: 'input' } }, { seq: 2, body: { kind: 'reply' } }, { seq: 3 }],
  });
  const missing = await web.request('/api/conversations/cnv_none');
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({ error: { code: 'not-found' } });
  expect((await post(web, '/api/messages', { text: 'x', conversation: 'cnv_none' })).status).toBe(404);
});

test('approvals are listed and decided once', async () => {
  const web = testWeb();
  web.kernel.script = asking;
  await post(web, '/api/messages', { text: 'send it' });
  await expect.poll(() => web.kernel.approvals.size).toBe(1);
  expect(await (await web.request('/api/approvals')).json()).toMatchObject([
    { id: '7F3K', status: 'pending' },
  ]);
  const decided = await post(web, '/api/approvals/7F3K', { decision: 'deny', reason: 'not now' });
  expect(await decided.json()).toMatchObject({ id: '7F3K', status: 'denied', reason: 'not now' });
  expect(await (await web.request('/api/approvals')).json()).toEqual([]);
  expect(await (await web.request('/api/approvals?status=all')).json()).toHaveLength(1);
  expect((await post(web, '/api/approvals/7F3K', { decision: 'once' })).status).toBe(409);
  expect((await post(web, '/api/approvals/NONE', { decision: 'once' })).status).toBe(404);
});

test.each(['always', 'conversation', 'yes', undefined])(
  'the decision %s does not exist: 400 names those that do',
  async (decision) => {
    const web = testWeb();
    const response = await post(web, '/api/approvals/7F3K', { decision });
    expect(response.status).toBe(400);
    const message = 'decision: must be one of: once, deny';
    expect(await response.json()).toMatchObject({ error: { message } });
  },
);

test('a keyed decision can be repeated, and not changed', async () => {
  const web = testWeb();
  web.kernel.script = asking;
  await post(web, '/api/messages', { text: 'send it' });
  await expect.poll(() => web.kernel.approvals.size).toBe(1);
  const decide = postKeyed('k1', web, '/api/approvals/7F3K');
  expect((await decide({ decision: 'once' })).status).toBe(200);
  expect(await (await decide({ decision: 'once' })).json()).toMatchObject({ status: 'approved' });
  expect((await decide({ decision: 'deny' })).status).toBe(409);
  expect((await postKeyed('k2', web, '/api/approvals/7F3K')({ decision: 'deny' })).status).toBe(409);
  expect(web.kernel.approvals.get('7F3K')?.status).toBe('approved');
});

test('every command of the control surface is one POST away', async () => {
  const web = testWeb();
  expect(await (await post(web, '/api/control/status', '')).json()).toMatchObject({ version: '0.1.0' });
  expect(await (await web.request('/api/status')).json()).toMatchObject({ version: '0.1.0' });
  expect(
    await (await post(web, '/api/control/turns.list', { status: null, conversation: null, limit: 5 })).json(),
  ).toEqual([]);
  expect((await post(web, '/api/control/nonsense', {})).status).toBe(404);
});

test('a defect tells the caller nothing of itself and the log everything', async () => {
  const web = testWeb({
    conversations: { get: () => Promise.reject(new Error('secret detail')), list: () => Promise.resolve([]) },
  });
  const response = await web.request('/api/conversations/cnv_1');
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret detail');
  expect(web.defects).toEqual([expect.stringContaining('secret detail')]);
});
