import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import type { DeliveryBody, SendResult } from '#core/delivery.ts';
import type { DeliveryId } from '#core/ids.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { neverAborted, say } from '#test/contract/adapter.ts';
import { createTestDeps } from '#test/fakes/sink.ts';
import { type Receiver, startReceiver } from '#test/fakes/webhook/receiver.ts';
import { buildWebhook } from './index.ts';

const secret = `whsec_${Buffer.from('reply-secret-of-the-sending-tests').toString('base64')}`;

interface Setting {
  readonly receiver: Receiver;
  readonly adapter: AdapterPort;
  send(text: string, id?: DeliveryId, chat?: string): Promise<SendResult>;
}

async function setUp(url?: string): Promise<Setting> {
  const receiver = await startReceiver({ secret });
  onTestFinished(() => receiver.close());
  const own = { scheme: 'github', secret: 'a-secret-that-is-long-enough', prompt: 'x' };
  const adapter = buildWebhook(createTestDeps(), {
    endpoints: {
      ci: { ...own, replyTo: { url: url ?? `${receiver.url}/path-that-is-a-key`, secret } },
      chat: { ...own, replyTo: 'telegram:7' },
    },
  });
  const send: Setting['send'] = (text, id = 'dlv_1', chat = 'ci') =>
    adapter.send(deliveryOf(id, say(text), chat), neverAborted());
  return { receiver, adapter, send };
}

function deliveryOf(id: DeliveryId, body: DeliveryBody, chat = 'ci') {
  return { id, address: { channel: 'webhook', chat, thread: 'evt1' }, body, targetPlatformId: null };
}

test('a call-back is signed, keyed by its delivery, and the same bytes when it is sent again', async () => {
  const { receiver, send } = await setUp();
  const id = 'dlv_01KB9Z3V6T0000000000000000';
  receiver.failNext('lost-answer');
  expect(await send('Hello', id)).toMatchObject({ ok: false, error: { type: 'unknown' } });
  expect(await send('Hello', id)).toEqual({ ok: true, platformId: id });
  expect([receiver.requests(), receiver.duplicates(), receiver.forged()]).toEqual([2, 1, 0]);
  const [call] = receiver.calls;
  expect(call).toMatchObject({ endpoint: 'ci', event: 'ci/evt1', delivery: id, text: 'Hello' });
  expect(call?.headers).toMatchObject({ 'idempotency-key': id, 'webhook-id': id, 'tiro-callback': '1' });
});

test('the package of Standard Webhooks verifies it', async () => {
  const seen: { body: string; headers: Record<string, string> }[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    const body = typeof init?.body === 'string' ? init.body : '';
    seen.push({ body, headers: Object.fromEntries(new Headers(init?.headers)) });
    return new Response();
  };
  const adapter = buildWebhook(
    { ...createTestDeps(), fetch },
    {
      endpoints: {
        ci: {
          scheme: 'github',
          secret: 'a-secret-that-is-long-enough',
          prompt: 'x',
          replyTo: { url: 'https://x.example', secret },
        },
      },
    },
  );
  await adapter.send(deliveryOf('dlv_01KB9Z3V6T0000000000000000', say('Grüße \u{1f600}')), neverAborted());
  const [{ body, headers } = { body: '', headers: {} }] = seen;
  expect(new Webhook(secret).verify(body, headers)).toEqual({
    type: 'message',
    endpoint: 'ci',
    event: 'ci/evt1',
    delivery: 'dlv_01KB9Z3V6T0000000000000000',
    createdAt: expect.stringMatching(/^20\d\d-.*Z$/),
    text: 'Grüße \u{1f600}',
    markdown: 'Grüße \u{1f600}',
  });
});

test('where it leads is not followed, and no path is told', async () => {
  const { receiver, send } = await setUp();
  receiver.failNext('redirect');
  const result = await send('x');
  expect(result).toMatchObject({ ok: false, error: { type: 'permanent' } });
  expect(JSON.stringify(result)).toContain('redirects are not followed');
  expect(JSON.stringify(result)).not.toContain('path-that-is-a-key');
  expect(receiver.requests()).toBe(1);
});

test('a pause that is asked for is kept; where nobody listens it surely did not happen', async () => {
  const { receiver, send } = await setUp();
  receiver.failNext('rate-limited');
  expect(await send('x')).toMatchObject({ error: { type: 'rate-limited', retryAfterMs: 2_000 } });
  const gone = await startReceiver({ secret });
  await gone.close();
  const { send: toNobody } = await setUp(gone.url);
  expect(await toNobody('x')).toMatchObject({ error: { type: 'transient' } });
});

test.each([
  [503, { 'retry-after': '7' }, { type: 'rate-limited', retryAfterMs: 7_000 }],
  [503, {}, { type: 'unknown' }],
  [502, {}, { type: 'unknown' }],
  [429, { 'retry-after': 'tomorrow' }, { type: 'rate-limited', retryAfterMs: 5_000 }],
  [408, {}, { type: 'transient' }],
  [404, {}, { type: 'permanent' }],
  [410, {}, { type: 'permanent' }],
])('status %i %j is %j', async (status, headers, error) => {
  const fetch = async (): Promise<Response> => new Response('x', { status, headers });
  const adapter = buildWebhook(
    { ...createTestDeps(), fetch },
    {
      endpoints: {
        ci: {
          scheme: 'github',
          secret: 'a-secret-that-is-long-enough',
          prompt: 'x',
          replyTo: { url: 'https://x.example', secret },
        },
      },
    },
  );
  expect(await adapter.send(deliveryOf('dlv_1', say('x')), neverAborted())).toMatchObject({
    ok: false,
    error,
  });
});

test('an answer without an end is not read', async () => {
  let [pulled, cancelled] = [0, false];
  const endless = new ReadableStream({
    pull: (controller) => {
      pulled += 1;
      controller.enqueue(new Uint8Array(65_536));
    },
    cancel: () => void (cancelled = true),
  });
  const fetch = async (): Promise<Response> => new Response(endless);
  const adapter = buildWebhook(
    { ...createTestDeps(), fetch },
    {
      endpoints: {
        ci: {
          scheme: 'github',
          secret: 'a-secret-that-is-long-enough',
          prompt: 'x',
          replyTo: { url: 'https://x.example', secret },
        },
      },
    },
  );
  expect(await adapter.send(deliveryOf('dlv_1', say('x')), neverAborted())).toMatchObject({ ok: true });
  expect([pulled < 5, cancelled]).toEqual([true, true]);
});

test('an endpoint that is gone, or that answers in a chat, is told; so is what no call-back can say', async () => {
  const { send, adapter, receiver } = await setUp();
  for (const chat of ['gone', 'chat', '__proto__'])
    expect(await send('x', 'dlv_1', chat)).toMatchObject({
      error: { type: 'permanent', reason: expect.stringContaining(chat) },
    });
  const reaction = { kind: 'reaction', messageId: '1', emoji: 'x' } as const;
  expect(await adapter.send(deliveryOf('dlv_1', reaction), neverAborted())).toMatchObject({
    error: { type: 'permanent' },
  });
  expect(receiver.requests()).toBe(0);
});

test('answers of one endpoint are heard in its chat, of the other at its URL', async () => {
  const { adapter } = await setUp();
  const at = (chat: string) => adapter.destination?.({ channel: 'webhook', chat, thread: 'evt1' });
  expect([at('chat'), at('ci'), at('gone')]).toEqual(['telegram:7', null, null]);
});
