import { expect, test } from 'vitest';
import type { ChatAddress } from '#core/address.ts';
import type { OutboundDelivery } from '#core/delivery.ts';
import type { AdapterStatePort } from '#core/ports/adapter.ts';
import { createIds } from '#lib/ids.ts';
import { neverAborted, say, until } from '#test/contract/adapter.ts';
import { type FakeGraph, webhook } from '#test/fakes/graph/index.ts';
import { type Running, run } from '#test/fakes/graph/running.ts';
import { createHastyClock, createTestDeps } from '#test/fakes/sink.ts';
import { createReports } from './reports.ts';

const ann: ChatAddress = { channel: 'whatsapp', chat: '16505551234', thread: null };
const ids = createIds({ now: Date.now });

function delivery(): OutboundDelivery {
  return { id: ids.delivery(), address: ann, body: say('hello'), targetPlatformId: null };
}

const told = (fake: FakeGraph): boolean =>
  fake.deliveries.length > 0 && fake.deliveries.every(({ acknowledged }) => acknowledged);

/** A clock whose pauses last, so that what comes meanwhile is in time. */
function patient(): { readonly clock: ReturnType<typeof createHastyClock> } {
  const clock = createHastyClock();
  const sleep: typeof clock.sleep = (ms, signal) =>
    new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  return { clock: { ...clock, sleep } };
}

async function loseAnswer({ fake, adapter }: Running, one: OutboundDelivery): Promise<void> {
  fake.dropAnswer('message');
  expect(await adapter.send(one, neverAborted())).toMatchObject({ ok: false, error: { type: 'unknown' } });
}

test.each(['sent', 'delivered', 'read'])(
  'an answer that was lost is found by the status "%s"',
  async (status) => {
    const running = await run({ before: (fake) => void (fake.statuses = []), deps: patient() });
    const one = delivery();
    await loseAnswer(running, one);
    const looking = running.adapter.lookup?.(one);
    const [message] = running.fake.messages.all;
    running.fake.report(message?.id ?? '', status);
    expect(await looking).toEqual({ found: 'sent', platformId: message?.id });
  },
);

test('the next process knows it too, and does not send it again', async () => {
  const deps = createTestDeps();
  const first = await run({ deps: { state: deps.state } });
  const one = delivery();
  await loseAnswer(first, one);
  await until(() => told(first.fake));
  await first.stop();
  const second = await run({ on: first.fake, deps: { state: deps.state } });
  const platformId = first.fake.messages.all[0]?.id;
  expect(await second.adapter.lookup?.(one)).toEqual({ found: 'sent', platformId });
  expect(await second.adapter.send(one, neverAborted())).toEqual({ ok: true, platformId });
  expect(first.fake.messages.all).toHaveLength(1);
});

test('a status that reaches only the next process is kept: it never read an answer', async () => {
  const deps = createTestDeps();
  const first = await run({ before: (fake) => void (fake.statuses = []), deps: { state: deps.state } });
  const one = delivery();
  await loseAnswer(first, one);
  await first.stop();
  const second = await run({ on: first.fake, deps: { state: deps.state, ...patient() } });
  const looking = second.adapter.lookup?.(one);
  first.fake.report(first.fake.messages.all[0]?.id ?? '', 'delivered');
  expect(await looking).toEqual({ found: 'sent', platformId: first.fake.messages.all[0]?.id });
  expect(Object.keys(await deps.state.list('sent '))).toEqual([`sent ${one.id}`]);
});

test('nothing said is no proof that it was not sent', async () => {
  const running = await run({ before: (fake) => void (fake.statuses = []) });
  const one = delivery();
  running.fake.hang('message');
  const stop = new AbortController();
  const sending = running.adapter.send(one, stop.signal);
  await until(() => running.fake.callsOf('message').length === 1);
  stop.abort();
  await sending;
  expect(await running.adapter.lookup?.(one)).toEqual({ found: 'unknown' });
  expect(running.slept).toContain(10_000);
});

test('statuses of answered sends leave nothing in the store', async () => {
  const deps = createTestDeps();
  const { fake, adapter, sink } = await run({ deps: { state: deps.state } });
  for (let n = 0; n < 3; n += 1)
    expect(await adapter.send(delivery(), neverAborted())).toMatchObject({ ok: true });
  // Read long after the answer was.
  for (const { id } of fake.messages.all) fake.report(id, 'read');
  await until(() => told(fake));
  expect(await deps.state.list('')).toEqual({});
  expect(sink.offered).toEqual([]);
});

test('a message that failed is told with the delivery and the reason, once', async () => {
  const { fake, adapter, sink } = await run();
  const one = delivery();
  const sent = await adapter.send(one, neverAborted());
  const platformId = sent.ok ? sent.platformId : '';
  const details = { details: 'Message failed to send because more than 24 hours have passed.' };
  const errors = [{ code: 131047, title: 'Re-engagement message', error_data: details }];
  fake.report(platformId, 'failed', { errors });
  fake.report(platformId, 'failed', { errors });
  await until(() => told(fake));
  expect(sink.events).toMatchObject([
    {
      kind: 'undelivered',
      messageId: one.id,
      chat: ann,
      text: 'more than 24 hours since this person last wrote: WhatsApp takes only templates then (131047)',
    },
  ]);
  // Where a status does not carry the id, the message tells which delivery it was.
  fake.report(platformId, 'failed', { biz_opaque_callback_data: undefined, errors });
  await until(() => told(fake));
  expect(sink.offered.map(({ messageId }) => messageId)).toEqual([one.id, one.id, one.id]);
  expect(sink.events).toHaveLength(1);
});

test('what failed is sent again when it is asked for again, whatever older statuses say late', async () => {
  const deps = createTestDeps();
  const first = await run({ before: (fake) => void (fake.statuses = []), deps: { state: deps.state } });
  const one = delivery();
  await loseAnswer(first, one);
  const lost = first.fake.messages.all[0]?.id ?? '';
  first.fake.report(lost, 'failed', { errors: [{ code: 131026, title: 'Message undeliverable' }] });
  first.fake.report(lost, 'sent');
  await until(() => told(first.fake));
  await first.stop();
  const second = await run({ on: first.fake, deps: { state: deps.state } });
  expect(await second.adapter.send(one, neverAborted())).toMatchObject({ ok: true });
  expect(first.fake.messages.all).toHaveLength(2);
  expect(await deps.state.list('')).toEqual({});
});

test('statuses of other programs at the same number are none of our business', async () => {
  const deps = createTestDeps();
  const { fake, sink } = await run({ deps: { state: deps.state } });
  const status = { id: 'wamid.X', status: 'failed', timestamp: '1789999990', recipient_id: '16505551234' };
  const foreign = ['campaign 7', 'dlv_', `dlv_${'x'.repeat(26)}`, '__proto__'];
  for (const data of foreign)
    fake.push(
      webhook({ statuses: [{ ...status, biz_opaque_callback_data: data }, status, null, { id: 7 }] }),
    );
  await until(() => told(fake));
  expect(sink.offered).toEqual([]);
  expect(await deps.state.list('')).toEqual({});
});

test('a status is not acknowledged before it is kept', async () => {
  const { state } = createTestDeps();
  const failing = { next: 1 };
  const setAll: AdapterStatePort['setAll'] = (entries) => {
    if (failing.next-- > 0) return Promise.reject(new Error('disk full'));
    return state.setAll(entries);
  };
  const running = await run({
    before: (fake) => void (fake.statuses = ['sent']),
    deps: { state: { ...state, setAll } },
  });
  const one = delivery();
  await loseAnswer(running, one);
  await until(() => told(running.fake));
  expect(running.fake.deliveries[0]?.attempts).toBe(2);
  expect(Object.keys(await state.list('sent '))).toEqual([`sent ${one.id}`]);
});

test('only the newest 500 of three days are kept', async () => {
  const { state } = createTestDeps();
  const time = { now: Date.now() - 10 * 86_400_000 };
  const old = createIds({ now: () => time.now }).delivery();
  const clock = { ...createHastyClock(), now: () => time.now };
  const reports = createReports({ state, clock });
  await reports.note([{ id: 'wamid.old', delivery: old, failed: false }]);
  expect(await reports.find(old)).toBe('wamid.old');
  time.now = Date.now();
  const later = createIds({ now: () => (time.now += 1) });
  const many = Array.from({ length: 510 }, (_, n) => ({
    id: `wamid.${n}`,
    delivery: later.delivery(),
    failed: false,
  }));
  for (const one of many) await reports.note([one]);
  expect(Object.values(await state.list('sent ')).sort()).toEqual(
    many
      .slice(10)
      .map(({ id }) => id)
      .sort(),
  );
  expect(await reports.find(old)).toBeNull();
  await reports.note([{ id: 'wamid.old', delivery: old, failed: false }]);
  expect(await reports.find(old)).toBeNull();
});
