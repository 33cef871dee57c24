import { onTestFinished } from 'vitest';
import type { DeliveryBody, OutboundDelivery, SendResult } from '#core/delivery.ts';
import type { AdapterPort, AdapterStatePort } from '#core/ports/adapter.ts';
import { until } from '#test/until.ts';
import {
  createHastyClock,
  createTestDeps,
  createTestLog,
  createTestSink,
  type SinkFaults,
  type TestLog,
  type TestSink,
} from '../sink.ts';
import { type FakeOptions, type FakeWhatsApp, startFakeWhatsApp } from './index.ts';
import { createAtFake } from './seam.ts';

export const ann = '4917000000100';
export const bob = '4917000000101';
export const group = '120363000000000001@g.us';

export interface RunOptions {
  readonly faults?: SinkFaults;
  /** The owner scans what is shown. Default: yes. */
  readonly scans?: boolean;
  readonly now?: () => number;
  readonly state?: AdapterStatePort;
}

export interface Running {
  readonly fake: FakeWhatsApp;
  readonly adapter: AdapterPort;
  readonly sink: TestSink;
  readonly log: TestLog;
  readonly state: AdapterStatePort;
  /** Pauses that were asked for, in ms. */
  readonly slept: readonly number[];
  /** Resolves when the state of the channel says so. */
  told(why: RegExp): Promise<unknown>;
  send(body: DeliveryBody, more?: Partial<OutboundDelivery>): Promise<SendResult>;
  stop(): Promise<void>;
  /** A new process over the same rows. */
  again(options?: RunOptions): Promise<Running>;
}

/** A fake with Ann and Bob, and an adapter that is linked to it and up, unless nobody scans. */
export async function startLinked(options: RunOptions & FakeOptions = {}): Promise<Running> {
  const fake = await startFakeWhatsApp(options);
  onTestFinished(() => fake.close());
  fake.phone(ann);
  fake.phone(bob);
  return await run(fake, options);
}

async function run(fake: FakeWhatsApp, options: RunOptions): Promise<Running> {
  const log = createTestLog();
  const sink = createTestSink(options.faults);
  const clock = createHastyClock(options.now);
  const deps = createTestDeps(log, clock);
  const state = options.state ?? deps.state;
  const rootKey = Buffer.from(fake.rootKey).toString('base64');
  const { scans = true } = options;
  const settings = { mode: 'web', server: fake.url, rootKey, scans };
  const adapter = createAtFake({ ...deps, state, fetch }, settings);
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    if (options.faults?.acceptNever !== true) await ended;
    await adapter.close();
  };
  onTestFinished(stop);
  if (scans) await until('it is up', () => sink.states.at(-1)?.state === 'up');
  return {
    fake,
    adapter,
    sink,
    log,
    state,
    slept: clock.slept,
    stop,
    told: (why) => until(`it says ${why.source}`, () => sink.states.some((told) => why.test(told.why))),
    send: (body, more = {}) =>
      adapter.send(
        {
          id: 'dlv_1',
          address: { channel: 'whatsapp', chat: ann, thread: null },
          body,
          targetPlatformId: null,
          ...more,
        },
        new AbortController().signal,
      ),
    again: (next = {}) => run(fake, { state, ...next }),
  };
}
