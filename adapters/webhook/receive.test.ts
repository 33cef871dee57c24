import { expect, onTestFinished, test } from 'vitest';
import { createTestDeps, createTestLog, createTestSink, type TestSink } from '#test/fakes/sink.ts';
import { type Message, type SenderEndpoint, signed } from '#test/fakes/webhook/sender.ts';
import { buildWebhook } from './index.ts';

const begun = 1_790_000_000_000;
const hub: SenderEndpoint = { name: 'hub', scheme: 'github', secret: 'secret-of-the-receiving-tests' };

interface Setting {
  readonly sink: TestSink;
  readonly lines: readonly unknown[];
  pass(ms: number): void;
  post(text: string, change?: Partial<Message>): Promise<Response>;
  knock(request: Request): Promise<Response>;
  readonly said: () => Promise<string>;
}

/** One endpoint, with time that only passes when a test says so. */
function setUp({ started = true, perMinute = 60 } = {}): Setting {
  let now = begun;
  const log = createTestLog();
  const sink = createTestSink();
  const deps = createTestDeps(log);
  const clock = { ...deps.clock, now: () => now, elapsed: () => now };
  const adapter = buildWebhook(
    { ...deps, clock },
    {
      endpoints: {
        hub: { scheme: hub.scheme, secret: hub.secret, prompt: '{{text}}', replyTo: 'telegram:7', perMinute },
      },
    },
  );
  const stop = new AbortController();
  const ended = started ? adapter.start(sink, stop.signal) : null;
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  const knock = async (request: Request): Promise<Response> =>
    (await adapter.handle?.(request)) ?? Promise.reject(new Error('There is no door.'));
  return {
    sink,
    lines: log.lines,
    pass: (ms) => void (now += ms),
    knock,
    post: (text, change = {}) => {
      const message = { endpoint: hub, id: 'x', body: JSON.stringify({ text }), now: () => now, headers: {} };
      return knock(new Request('http://x/hooks/hub', signed({ ...message, ...change })));
    },
    said: async () => JSON.stringify((await adapter.check()).map(({ level, what }) => [level, what])),
  };
}

test('one that comes too often is told when to come again, and nothing of it is stored', async () => {
  const { post, pass, sink } = setUp({ perMinute: 3 });
  for (const text of ['a', 'b', 'c']) expect((await post(text)).status).toBe(200);
  const late = await post('d');
  expect([late.status, late.headers.get('retry-after')]).toEqual([429, '20']);
  expect(sink.events).toHaveLength(3);
  pass(20_000);
  expect((await post('d')).status).toBe(200);
  expect((await post('e')).status).toBe(429);
  pass(3_600_000);
  for (const text of ['e', 'f', 'g']) expect((await post(text)).status).toBe(200);
  expect((await post('h')).status).toBe(429);
});

test('whoever cannot sign uses up nothing, and the log hears of it once a minute', async () => {
  const { post, knock, pass, lines, sink } = setUp({ perMinute: 2 });
  const forged = () =>
    knock(
      new Request('http://x/hooks/hub', {
        method: 'POST',
        body: '{}',
        headers: { 'x-hub-signature-256': 'sha256=0' },
      }),
    );
  for (let n = 0; n < 100; n += 1) expect((await forged()).status).toBe(401);
  expect((await post('a')).status).toBe(200);
  pass(60_000);
  await forged();
  expect(lines).toEqual([
    { event: 'webhook.unsigned', channel: 'webhook', endpoint: 'hub', requests: 1 },
    { event: 'webhook.unsigned', channel: 'webhook', endpoint: 'hub', requests: 100 },
  ]);
  expect(sink.events).toHaveLength(1);
});

test('a ping of GitHub is answered without an event; an event that is only called so is one', async () => {
  const { post, sink } = setUp();
  const ping = { 'x-github-event': 'ping' };
  const body = JSON.stringify({ zen: 'Design for failure.', hook_id: 1 });
  const answer = await post('', { body, headers: ping });
  expect([answer.status, await answer.json()]).toEqual([
    200,
    { note: 'The signature is right. A ping starts nothing.' },
  ]);
  expect(sink.events).toEqual([]);
  expect((await post('no ping', { headers: ping })).status).toBe(200);
  expect(sink.events).toHaveLength(1);
});

test('an answer of a gateway that comes back is acknowledged and starts nothing; unsigned it is a stranger', async () => {
  const { post, knock, sink, lines } = setUp();
  expect((await post('loop', { headers: { 'tiro-callback': '1' } })).status).toBe(200);
  expect(sink.offered).toEqual([]);
  expect(lines).toEqual([{ event: 'webhook.loop', channel: 'webhook', endpoint: 'hub' }]);
  const unsigned = new Request('http://x/hooks/hub', {
    method: 'POST',
    headers: { 'tiro-callback': '1' },
    body: '{}',
  });
  expect((await knock(unsigned)).status).toBe(401);
});

test('what is stored is answered with its name; what is not stored may come again', async () => {
  const { post, sink } = setUp();
  sink.reject(1);
  expect((await post('a')).status).toBe(503);
  const first = await post('a');
  expect([first.status, await first.json()]).toEqual([200, { event: sink.events[0]?.platformId }]);
  expect((await post('a')).status).toBe(200);
  expect(sink.events).toHaveLength(1);
  expect((await setUp({ started: false }).post('a')).status).toBe(503);
});

test('other ways to call are refused', async () => {
  const { knock } = setUp();
  const statusOf = async (path: string, init: RequestInit): Promise<number> =>
    (await knock(new Request(`http://x${path}`, init))).status;
  expect(await statusOf('/hooks/hub', { method: 'GET' })).toBe(405);
  expect(await statusOf('/hooks/hub', { method: 'PUT', body: '{}' })).toBe(405);
  expect(await statusOf('/hooks/other', { method: 'POST', body: '{}' })).toBe(404);
  expect(await statusOf('/hooks/__proto__', { method: 'POST', body: '{}' })).toBe(404);
  expect(await statusOf('/hooks/hub', { method: 'POST', body: 'x'.repeat(1_048_577) })).toBe(413);
});

test('what is refused for its content says why, to the sender and in the log', async () => {
  const { post, sink, lines } = setUp();
  const form = await post('', { headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  expect(form.status).toBe(415);
  expect(await form.text()).toContain('application/json');
  expect((await post('', { body: '{"a":1,"a":2}' })).status).toBe(400);
  expect(sink.offered).toEqual([]);
  expect(lines).toMatchObject([{ event: 'event.skipped' }, { event: 'event.skipped' }]);
});

test('doctor says where it answers and what came', async () => {
  const { post, said, knock } = setUp();
  expect(await said()).toContain(
    'POST /hooks/hub (github, 60 a minute) answers to telegram:7; last event: none since the start.',
  );
  await knock(new Request('http://x/hooks/hub', { method: 'POST', body: '{}' }));
  expect(await said()).toContain('refused 1 requests since the start, and took none');
  await post('a');
  expect(await said()).toContain(`last event: ${new Date(begun).toISOString()}`);
  expect(await said()).not.toContain('refused');
});
