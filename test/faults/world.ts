import { z } from 'zod';
import type { ControlName, ControlSurface } from '#control/surface.ts';
import type { Seams } from '#core/ports/seams.ts';
import { configFor, telegramToken } from '#test/e2e/world.ts';
import { type FakeModel, type FakeModelOptions, startFakeModel } from '#test/fakes/model/index.ts';
import { type FakeRequest, lastUserText } from '#test/fakes/model/protocol.ts';
import { type ChaosProxy, startProxy } from '#test/fakes/proxy/index.ts';
import { type FakeTelegram, type ShownMessage, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { type TestGateway, startTestGateway } from '#test/gateway.ts';
import { until } from '#test/until.ts';
import { type WarpClock, createWarpClock } from './clock.ts';

/** What an outbox row says that may stand there twice. */
const mark = '(possibly repeated)';

type RunAsOwner = <K extends ControlName>(
  name: K,
  input: ControlSurface[K]['input'],
) => Promise<ControlSurface[K]['output']>;

export interface FaultyWorld extends AsyncDisposable {
  readonly model: FakeModel;
  readonly telegram: FakeTelegram;
  /** Between the gateway and the model, and between it and Telegram. */
  readonly toModel: ChaosProxy;
  readonly toTelegram: ChaosProxy;
  readonly clock: WarpClock;
  readonly gateway: TestGateway;
  readonly run: RunAsOwner;
  restart(): Promise<void>;
  /** Somebody writes to the bot in a chat of their own. */
  say(who: number, text: string): void;
  /** What the bot's messages in somebody's chat say now, without the mark. */
  shown(who: number): readonly string[];
  /** How often the chat shows exactly this text: with the mark, and without it. */
  count(who: number, text: string): { readonly plain: number; readonly marked: number };
  /** Resolves when the chat shows the text. */
  sees(who: number, text: string, limitMs?: number): Promise<ShownMessage>;
  /** Resolves when the chat shows exactly this, marked or not: no preview of it any more. */
  answered(who: number, text: string, limitMs?: number): Promise<string>;
  /** Says it through the API; resolves with how its turn ended and what was said. */
  ask(text: string, limitMs?: number): Promise<Asked>;
}

export interface Asked {
  readonly status: string;
  readonly reason: string | null;
  readonly tookMs: number;
}

const stored = z.object({ conversation: z.string(), event: z.string() });
const message = z.object({ status: z.string(), reason: z.string().nullable() });

/**
 * The whole gateway between a fake model and a fake Telegram, with a proxy on each way and time of its own. The people
 * 7, 8, 9 … (owner and members) have each their own chat.
 */
export async function startFaultyWorld(
  options: {
    readonly speed?: number;
    readonly people?: number;
    readonly model?: FakeModelOptions;
    readonly config?: string;
    readonly seams?: Partial<Seams>;
  } = {},
): Promise<FaultyWorld> {
  const model = await startFakeModel({ script: repeat, ...options.model });
  const telegram = await startFakeTelegram({ token: telegramToken });
  const [toModel, toTelegram] = [await startProxy(model.url), await startProxy(telegram.url)];
  const clock = createWarpClock(options.speed ?? 1);
  const seams = { ...options.seams, clock: clock.seam };
  const config = configFor({
    model: toModel.url,
    telegram: toTelegram.url,
    more: members(options.people ?? 1) + (options.config ?? ''),
  });
  let gateway = await startTestGateway({ config, seams });
  const textsOf = (who: number): readonly string[] => telegram.messages(who).map(({ text }) => text);
  return {
    model,
    telegram,
    toModel,
    toTelegram,
    clock,
    get gateway() {
      return gateway;
    },
    run: (name, input) =>
      gateway.gateway.control.run(name, input, { person: 'ann', role: 'owner', via: 'test' }),
    restart: async () => {
      await gateway.stop();
      gateway = await startTestGateway({ home: gateway.home, seams });
    },
    say: (who, text) =>
      void telegram.userText(text, {
        from: { id: who, first_name: `P${who}` },
        date: Math.floor(clock.now() / 1_000),
      }),
    shown: (who) => textsOf(who).map((text) => text.replace(mark, '').trim()),
    count: (who, text) => ({
      plain: textsOf(who).filter((shown) => shown === text).length,
      marked: textsOf(who).filter((shown) => shown !== text && shown.replace(mark, '').trim() === text)
        .length,
    }),
    sees: (who, text, limitMs) =>
      until(
        `${who} sees ${JSON.stringify(text.slice(0, 80))}`,
        () => telegram.messages(who).find((shown) => shown.text.includes(text)),
        limitMs,
      ),
    answered: (who, text, limitMs) =>
      until(
        `${who} is shown ${JSON.stringify(text.slice(0, 80))}`,
        () => textsOf(who).find((shown) => shown.replace(mark, '').trim() === text),
        limitMs,
      ),
    ask: (text, limitMs) => ask(gateway, text, limitMs),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      for (const proxy of [toModel, toTelegram]) await proxy.close();
      await telegram.close();
      await model.close();
    },
  };
}

export async function post(gateway: TestGateway, path: string, body: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' };
  return fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function ask(gateway: TestGateway, text: string, limitMs?: number): Promise<Asked> {
  const begun = performance.now();
  const { event } = stored.parse(await (await post(gateway, '/api/messages', { text })).json());
  const headers = { authorization: `Bearer ${gateway.token}` };
  const look = async (): Promise<Asked | null> => {
    const response = await fetch(`${gateway.url}/api/messages/${event}`, { headers });
    const { status, reason } = message.parse(await response.json());
    const isOver = status !== 'queued' && status !== 'running';
    return isOver ? { status, reason, tookMs: performance.now() - begun } : null;
  };
  return until(`${JSON.stringify(text.slice(0, 80))} is answered`, look, limitMs);
}

/** Says the newest message again, without the time that stands behind it. */
export function repeat(request: FakeRequest): string {
  return `You said: ${lastUserText(request).replace(/\n\n\(sent [^)]*\)$/, '')}`;
}

function members(people: number): string {
  const others = Array.from({ length: people - 1 }, (_, index) => index + 8);
  return others.map((id) => `  p${id}: { role: member, identities: ["telegram:${id}"] }\n`).join('');
}

/** Megabytes of this process: gateway, fakes and test together. */
export function memoryMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1024 / 1024;
}
