import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ChatAddress } from '#core/address.ts';
import type { DeliveryBody, OutboundDelivery, SendError } from '#core/delivery.ts';
import type { InboundEvent } from '#core/event.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import {
  createHastyClock,
  createTestDeps,
  createTestLog,
  createTestSink,
  type SinkFaults,
  type TestDeps,
  type TestLog,
  type TestSink,
} from '#test/fakes/sink.ts';

/** What the clock says: an event without a time of its own carries it. */
const fixtureNow = 1_790_000_000_000;

/** A payload as the platform sends it, and the event it must become (null: it is not for us). `raw` is not compared. */
export interface Fixture {
  readonly name: string;
  readonly payload: unknown;
  readonly event: Omit<InboundEvent, 'raw'> | null;
}

type FaultKind = 'rate-limited' | 'server-error' | 'forbidden' | 'lost-answer' | 'hang';

/** A platform (a wire-level fake) with an adapter for it. Everything is driven from the platform's side. */
export interface AdapterSubject {
  /** A new adapter for the same platform, as after a restart. */
  create(deps: TestDeps): AdapterPort;
  /** Texts that must never be logged, told or returned. */
  readonly secrets: readonly string[];
  /** Chats of every shape the platform has: direct, group, thread. */
  readonly addresses: readonly [ChatAddress, ...ChatAddress[]];
  readonly fixtures: readonly Fixture[];
  /** The platform delivers a payload as it stands; the same one again is a redelivery. */
  deliver(payload: unknown): void;
  /** Somebody writes to the bot there; in a group they name it. */
  say(text: string, where: ChatAddress): void;
  /** The bot's own message comes back to it. */
  sayAsBot(text: string): void;
  /** How many payloads the platform counts as received. */
  acknowledged(): number;
  /** What the chat shows of the bot, in order. */
  shown(where: ChatAddress): readonly string[];
  /** The next send meets this. */
  fault(kind: FaultKind): void;
  /** Sends that reached the platform since the start, refused ones included. */
  sendCalls(): number;
  readonly errorByFault: Readonly<Record<Exclude<FaultKind, 'hang'>, SendError['type']>>;
  /** An adapter with an HTTP door and a request that nobody signed. Null: the platform never calls us. */
  readonly forged: { create(deps: TestDeps): AdapterPort; readonly request: () => Request } | null;
  /** What was said, of the text of an event. Absent: the text itself. */
  wordsOf?(text: string): string;
  /** What an event of this payload keeps as `raw`, parsed. Absent: the payload itself, its keys emptied. */
  rawOf?(payload: unknown): unknown;
}

interface Options {
  readonly name: string;
  setup(): Promise<{ readonly subject: AdapterSubject; teardown(): Promise<void> }>;
}

/** The contract of every push adapter: run once per platform, nothing here knows which. */
export function testAdapter(options: Options): void {
  describe(`${options.name} keeps the adapter contract`, () => {
    receives(options);
    survives(options);
    sends(options);
    keepsQuiet(options);
  });
}

async function subjectOf(options: Options): Promise<AdapterSubject> {
  const made = await options.setup();
  onTestFinished(() => made.teardown());
  return made.subject;
}

function receives(options: Options): void {
  test('recorded payloads become the recorded events, and every one is acknowledged', async () => {
    const subject = await subjectOf(options);
    const running = startAdapter(subject);
    for (const fixture of subject.fixtures) subject.deliver(fixture.payload);
    await until(() => subject.acknowledged() === subject.fixtures.length);
    const heard = subject.fixtures.filter((fixture) => fixture.event !== null);
    expect(running.sink.events).toEqual(heard.map(({ event }) => ({ ...event, raw: expect.any(String) })));
    // Keys of the platform's are not kept.
    const withoutKeys = (payload: unknown): unknown =>
      JSON.parse(JSON.stringify(payload).replaceAll(/"(token|response_url)":"[^"]*"/g, '"$1":""'));
    const rawOf = subject.rawOf ?? withoutKeys;
    expect(running.sink.events.map((event): unknown => JSON.parse(event.raw))).toEqual(
      heard.map(({ payload }) => rawOf(payload)),
    );
  });

  test('the same payload carries the same id when it comes again', async () => {
    const subject = await subjectOf(options);
    const fixture = subject.fixtures.find(({ event }) => event !== null);
    const running = startAdapter(subject);
    subject.deliver(fixture?.payload);
    subject.deliver(fixture?.payload);
    await until(() => subject.acknowledged() === 2);
    expect(new Set(running.sink.offered.map((event) => event.platformId)).size).toBe(1);
    expect(running.sink.events).toHaveLength(1);
  });

  test('its own messages are ignored', async () => {
    const subject = await subjectOf(options);
    const running = startAdapter(subject);
    subject.sayAsBot('I said this');
    subject.say('a person', subject.addresses[0]);
    await until(() => subject.acknowledged() === 2);
    expect(wordsIn(subject, running.sink)).toEqual(['a person']);
  });

  test('a payload that cannot be read holds nothing up', async () => {
    const subject = await subjectOf(options);
    const running = startAdapter(subject);
    subject.deliver({ surprising: true });
    subject.deliver({ message: { text: 7 } });
    subject.say('after it', subject.addresses[0]);
    await until(() => subject.acknowledged() === 3);
    expect(wordsIn(subject, running.sink)).toEqual(['after it']);
  });

  test('an answer to an event goes to the chat it came from', async () => {
    const subject = await subjectOf(options);
    const running = startAdapter(subject);
    for (const address of subject.addresses) {
      subject.say('hello', address);
      await until(() => running.sink.events.some((event) => sameAddress(event.chat, address)));
      const event = running.sink.events.find(({ chat }) => sameAddress(chat, address));
      expect(event?.addressed).toBe(true);
      const sent = await running.adapter.send(delivery(event?.chat ?? address, say('here')), neverAborted());
      expect(sent).toMatchObject({ ok: true });
      expect(subject.shown(address)).toEqual(['here']);
    }
  });

  test('a request without the right signature is refused and nothing is stored; or there is no door', async () => {
    const subject = await subjectOf(options);
    const { forged } = subject;
    if (forged === null) {
      expect(idleAdapter(subject).handle).toBeUndefined();
      return;
    }
    const running = startAdapter({ ...subject, create: (deps) => forged.create(deps) });
    await until(() => running.sink.states.at(-1)?.state === 'up');
    const response = await running.adapter.handle?.(forged.request());
    expect([401, 403]).toContain(response?.status);
    expect(running.sink.offered).toEqual([]);
  });
}

function survives(options: Options): void {
  test('a crash between storing and acknowledging: the platform delivers again under the same id', async () => {
    const subject = await subjectOf(options);
    const before = startAdapter(subject, { acceptNever: true });
    subject.say('important', subject.addresses[0]);
    await until(() => before.sink.offered.length === 1);
    await before.stop();
    expect(subject.acknowledged()).toBe(0);
    const after = startAdapter(subject);
    await until(() => subject.acknowledged() === 1);
    expect(after.sink.events).toMatchObject([{ platformId: before.sink.offered[0]?.platformId }]);
  });

  test('what could not be stored is not acknowledged, and comes again', async () => {
    const subject = await subjectOf(options);
    const running = startAdapter(subject, { rejectAccepts: 2 });
    subject.say('important', subject.addresses[0]);
    await until(() => subject.acknowledged() === 1);
    expect(running.sink.offered.length).toBe(3);
    expect(wordsIn(subject, running.sink)).toEqual(['important']);
  });

  test('a restart goes on where the last commit stood', async () => {
    const subject = await subjectOf(options);
    const before = startAdapter(subject);
    subject.say('first', subject.addresses[0]);
    await until(() => before.sink.events.length === 1);
    await before.stop();
    subject.say('second', subject.addresses[0]);
    const after = startAdapter(subject, { cursor: before.sink.cursorText() });
    await until(() => wordsIn(subject, after.sink).includes('second'));
    await until(() => subject.acknowledged() === 2);
  });

  test('it says that it is up, and an abort ends it within a second', async () => {
    const subject = await subjectOf(options);
    const running = startAdapter(subject);
    await until(() => running.sink.states.at(-1)?.state === 'up');
    const startedAt = performance.now();
    await running.stop();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
}

function sends(options: Options): void {
  for (const kind of ['rate-limited', 'server-error', 'forbidden', 'lost-answer'] as const) {
    test(`${kind}: the right kind of error, after one call`, async () => {
      const subject = await subjectOf(options);
      const adapter = idleAdapter(subject);
      subject.fault(kind);
      const result = await adapter.send(delivery(subject.addresses[0], say('hello')), neverAborted());
      expect(result).toMatchObject({ ok: false, error: { type: subject.errorByFault[kind] } });
      expect(subject.sendCalls()).toBe(1);
      if (result.ok) return;
      if (result.error.type === 'rate-limited') expect(result.error.retryAfterMs).toBeGreaterThan(0);
      expect(result.error.reason).not.toBe('');
    });
  }

  test('a send that is aborted while it waits ends as unknown within a second', async () => {
    const subject = await subjectOf(options);
    const adapter = idleAdapter(subject);
    subject.fault('hang');
    const abort = new AbortController();
    const sending = adapter.send(delivery(subject.addresses[0], say('hello')), abort.signal);
    await until(() => subject.sendCalls() === 1);
    const startedAt = performance.now();
    abort.abort();
    expect(await sending).toMatchObject({ ok: false, error: { type: 'unknown' } });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test('a send that is aborted before it begins surely did not happen', async () => {
    const subject = await subjectOf(options);
    const result = await idleAdapter(subject).send(
      delivery(subject.addresses[0], say('hello')),
      AbortSignal.abort(),
    );
    expect(result).toMatchObject({ ok: false, error: { type: 'transient' } });
    expect(subject.sendCalls()).toBe(0);
  });

  test('an edit replaces the text, and the same edit again is a success', async () => {
    const subject = await subjectOf(options);
    const adapter = idleAdapter(subject);
    const [address] = subject.addresses;
    if (!adapter.abilities.edits) return expectsNoEdit(adapter, address);
    const first = await adapter.send(delivery(address, say('draft')), neverAborted());
    const target = first.ok ? first.platformId : null;
    const edit = {
      ...delivery(address, { ...say('final'), kind: 'edit', target: 'dlv_1' }),
      targetPlatformId: target,
    };
    expect(await adapter.send(edit, neverAborted())).toEqual({ ok: true, platformId: target });
    expect(await adapter.send(edit, neverAborted())).toEqual({ ok: true, platformId: target });
    expect(subject.shown(address)).toEqual(['final']);
  });
}

/** The outbox never asks for one where `edits` is false; who does is told so, and nothing is sent. */
async function expectsNoEdit(adapter: AdapterPort, address: ChatAddress): Promise<void> {
  const body = { ...say('final'), kind: 'edit', target: 'dlv_1' } as const;
  const edit = { ...delivery(address, body), targetPlatformId: 'x' };
  expect(await adapter.send(edit, neverAborted())).toMatchObject({ ok: false, error: { type: 'permanent' } });
}

function keepsQuiet(options: Options): void {
  test('no secret stands in a log line, a state, an error or a finding', async () => {
    const subject = await subjectOf(options);
    const running = startAdapter(subject, { rejectAccepts: 1 });
    subject.say('hello', subject.addresses[0]);
    await until(() => subject.acknowledged() === 1);
    const told: unknown[] = [running.sink.states, running.log.lines, await running.adapter.check()];
    for (const kind of ['server-error', 'forbidden', 'lost-answer'] as const) {
      subject.fault(kind);
      told.push(await running.adapter.send(delivery(subject.addresses[0], say('x')), neverAborted()));
    }
    const file = { id: 'no such file', kind: 'image', name: 'x', mime: 'image/png', bytes: null } as const;
    const fetched = running.adapter.fetch?.(file, neverAborted());
    told.push(await fetched?.catch((error: unknown) => inspect(error)));
    const text = JSON.stringify(told);
    for (const secret of subject.secrets) expect(text).not.toContain(secret);
  });
}

/** What would be printed of an error, its causes included. */
function inspect(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack ?? ''} ${error.message} ${error.cause === undefined ? '' : inspect(error.cause)}`;
}

interface Running {
  readonly adapter: AdapterPort;
  readonly sink: TestSink;
  readonly log: TestLog;
  stop(): Promise<void>;
}

function startAdapter(subject: Pick<AdapterSubject, 'create'>, faults: SinkFaults = {}): Running {
  const log = createTestLog();
  const sink = createTestSink(faults);
  const adapter = subject.create(
    createTestDeps(
      log,
      createHastyClock(() => fixtureNow),
    ),
  );
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    // A process that dies in `accept` does not wait for it either.
    if (faults.acceptNever !== true) await ended;
    await adapter.close();
  };
  onTestFinished(stop);
  return { adapter, sink, log, stop };
}

function wordsIn({ wordsOf = (text) => text }: AdapterSubject, sink: TestSink): readonly string[] {
  return sink.events.map(({ text }) => wordsOf(text));
}

function idleAdapter(subject: AdapterSubject): AdapterPort {
  const adapter = subject.create(createTestDeps());
  onTestFinished(() => adapter.close());
  return adapter;
}

export function delivery(address: ChatAddress, body: DeliveryBody): OutboundDelivery {
  return { id: 'dlv_test', address, body, targetPlatformId: null };
}

export function say(text: string): Extract<DeliveryBody, { kind: 'message' }> {
  return { kind: 'message', markdown: text, text, dialect: 'plain', replyTo: null, buttons: [] };
}

function sameAddress(a: ChatAddress, b: ChatAddress): boolean {
  return a.channel === b.channel && a.chat === b.chat && a.thread === b.thread;
}

export function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

export async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(condition()).toBe(true), { timeout: 5_000, interval: 5 });
}
