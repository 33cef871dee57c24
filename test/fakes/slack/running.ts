import { onTestFinished } from 'vitest';
import type { AdapterPort } from '#core/ports/adapter.ts';
import {
  createHastyClock,
  createTestDeps,
  createTestLog,
  createTestSink,
  type SinkFaults,
  type TestLog,
  type TestSink,
} from '../sink.ts';
import { type FakeOptions, type FakeSlack, signed, startFakeSlack } from './index.ts';
import { until } from '#test/contract/adapter.ts';
import { buildSlack } from '#adapters/slack/index.ts';

export const botToken = 'xoxb-1111-token-for-the-tests';
export const appToken = 'xapp-1-A1-token-for-the-tests';
export const signingSecret = 'a-signing-secret-for-the-tests';

export interface Setup extends SinkFaults {
  readonly settings?: object;
  readonly fake?: Partial<FakeOptions>;
  /** A platform that is there already. */
  readonly on?: FakeSlack;
  readonly silenceMs?: number;
  /** Before the adapter starts. */
  readonly before?: (fake: FakeSlack) => void;
}

export interface Running {
  readonly fake: FakeSlack;
  readonly adapter: AdapterPort;
  readonly sink: TestSink;
  readonly log: TestLog;
  readonly slept: readonly number[];
  stop(): Promise<void>;
}

/** The adapter on a fake Slack, until the test ends. */
export async function run(setup: Setup = {}): Promise<Running> {
  const fake = setup.on ?? (await startFakeSlack({ botToken, appToken, ...setup.fake }));
  setup.before?.(fake);
  const clock = createHastyClock();
  const log = createTestLog();
  const { silenceMs } = setup;
  const deps = { ...createTestDeps(log, clock), ...(silenceMs === undefined ? {} : { silenceMs }) };
  const settings = { botToken, appToken, signingSecret, apiRoot: `${fake.url}/api/`, ...setup.settings };
  const adapter = buildSlack(deps, settings);
  const sink = createTestSink(setup);
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    await ended;
    await adapter.close();
  };
  onTestFinished(async () => {
    await stop();
    if (setup.on === undefined) await fake.close();
  });
  return { fake, adapter, sink, log, slept: clock.slept, stop };
}

interface Signing {
  readonly secret?: string;
  readonly seconds?: number;
  /** What is signed instead of the body. */
  readonly sign?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Hooked extends Running {
  post(body: string, signing?: Signing): Promise<Response | undefined>;
}

/** The same in HTTP mode: what the fake delivers goes straight into the adapter's door. */
export async function runWithHook(setup: Setup = {}): Promise<Hooked> {
  const url = 'http://gateway.test/hooks/slack';
  const door: { adapter: AdapterPort | null } = { adapter: null };
  const knock = async (
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response | undefined> =>
    door.adapter?.handle?.(new Request(url, { method: 'POST', body, headers }));
  const post = async (body: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
    (await knock(body, headers)) ?? new Response(null, { status: 404 });
  const hook = (): { secret: string; post: typeof post } => ({ secret: signingSecret, post });
  const running = await run({ ...setup, settings: { mode: 'http' }, fake: { ...setup.fake, hook } });
  door.adapter = running.adapter;
  await until(() => running.sink.states.at(-1)?.state === 'up');
  return {
    ...running,
    post: (body, { secret = signingSecret, seconds, sign = body, headers = {} } = {}) =>
      knock(body, { ...signed(sign, secret, seconds), ...headers }),
  };
}
