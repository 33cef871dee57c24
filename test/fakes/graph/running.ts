import { onTestFinished } from 'vitest';
import { createWhatsAppCloud } from '#adapters/whatsapp/cloud/index.ts';
import { cloudSettingsSchema } from '#adapters/whatsapp/cloud/settings.ts';
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
} from '../sink.ts';
import { until } from '#test/contract/adapter.ts';
import { type FakeGraph, type FakeOptions, phoneNumberId, signed, startFakeGraph } from './index.ts';

export const token = 'EAAJB-token-for-the-tests-0123456789abcdef';
export const appSecret = 'an-app-secret-for-the-tests';
export const verifyToken = 'a-verify-token-for-the-tests';

export interface Setup extends SinkFaults {
  readonly settings?: object;
  readonly fake?: Partial<FakeOptions>;
  /** A platform that is there already. */
  readonly on?: FakeGraph;
  readonly deps?: Partial<TestDeps> & { readonly fetch?: typeof globalThis.fetch };
  /** Before the adapter starts. */
  readonly before?: (fake: FakeGraph) => void;
}

export interface Running {
  readonly fake: FakeGraph;
  readonly adapter: AdapterPort;
  readonly sink: TestSink;
  readonly log: TestLog;
  readonly slept: readonly number[];
  /** Posts to the door, signed with the app secret; `headers` go over that. */
  post(body: string | Uint8Array<ArrayBuffer>, headers?: Readonly<Record<string, string>>): Promise<Response>;
  stop(): Promise<void>;
}

export function settingsFor(
  fake: Pick<FakeGraph, 'url'>,
  more: object = {},
): Parameters<typeof createWhatsAppCloud>[1] {
  const secrets = { token, appSecret, verifyToken };
  return cloudSettingsSchema.parse({ mode: 'cloud', phoneNumberId, ...secrets, apiRoot: fake.url, ...more });
}

export const doorUrl = 'http://gateway.test/hooks/whatsapp';

/** The adapter on a fake of Meta, which posts straight into its door, until the test ends. */
export async function run(setup: Setup = {}): Promise<Running> {
  const fake = setup.on ?? (await startFakeGraph({ token, appSecret, redeliverAfterMs: 60, ...setup.fake }));
  setup.before?.(fake);
  const clock = createHastyClock();
  const log = createTestLog();
  const deps = { ...createTestDeps(log, clock), ...setup.deps };
  const adapter = createWhatsAppCloud(deps, settingsFor(fake, setup.settings));
  const sink = createTestSink(setup);
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  const knock = async (request: Request): Promise<Response> =>
    (await adapter.handle?.(request)) ?? new Response(null, { status: 404 });
  fake.follow(async (body, headers) => {
    const { status } = await knock(new Request(doorUrl, { method: 'POST', body, headers }));
    return status;
  });
  const stop = async (): Promise<void> => {
    abort.abort();
    await ended;
    await adapter.close();
  };
  onTestFinished(async () => {
    await stop();
    if (setup.on === undefined) await fake.close();
  });
  await until(() => sink.states.length > 0);
  const post: Running['post'] = (body, headers = {}) =>
    knock(
      new Request(doorUrl, { method: 'POST', body, headers: { ...signed(body, appSecret), ...headers } }),
    );
  return { fake, adapter, sink, log, slept: clock.slept, post, stop };
}
