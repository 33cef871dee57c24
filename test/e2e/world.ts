import type { z } from 'zod';
import type { ControlName, ControlSurface } from '#control/surface.ts';
import { type FakeModel, type FakeModelOptions, startFakeModel } from '#test/fakes/model/index.ts';
import { type FakeTelegram, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { type TestGateway, type TestGatewayOptions, startTestGateway } from '#test/gateway.ts';

export const telegramToken = '123456:TEST-token-of-the-fake-telegram-bot';

type RunAsOwner = <K extends ControlName>(
  name: K,
  input: ControlSurface[K]['input'],
) => Promise<ControlSurface[K]['output']>;

interface Init {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface World extends AsyncDisposable {
  readonly model: FakeModel;
  readonly telegram: FakeTelegram;
  /** The gateway that runs now. */
  readonly gateway: TestGateway;
  /** Stops it cleanly and starts another on the same home, with other seams if they are given. */
  restart(seams?: TestGatewayOptions['seams']): Promise<void>;
  /** JSON from the gateway's own API. */
  ask<S extends z.ZodType>(path: string, schema: S, init?: Init): Promise<z.infer<S>>;
  /** The commands, as the owner. */
  run: RunAsOwner;
}

/** A gateway on a fake model and a fake Telegram; Ann (telegram:7) is its owner. */
export async function startWorld(
  options: {
    readonly model?: FakeModelOptions;
    readonly config?: string;
    /** Methods that the fake Telegram is too old to know. */
    readonly without?: readonly string[];
    /** What a test wants changed in the whole of it; `url` is the model's. */
    readonly rewrite?: (config: string, url: string) => string;
    readonly gateway?: TestGatewayOptions;
  } = {},
): Promise<World> {
  const model = await startFakeModel(options.model);
  const telegram = await startFakeTelegram({ token: telegramToken, without: options.without ?? [] });
  const plain = configFor({ model: model.url, telegram: telegram.url, more: options.config ?? '' });
  const config = options.rewrite?.(plain, model.url) ?? plain;
  let gateway = await startTestGateway({ ...options.gateway, config });
  return {
    model,
    telegram,
    get gateway() {
      return gateway;
    },
    restart: async (seams = options.gateway?.seams ?? {}) => {
      await gateway.stop();
      gateway = await startTestGateway({ ...options.gateway, home: gateway.home, seams });
    },
    ask: async (path, schema, init = {}) => {
      const response = await fetch(`${gateway.url}${path}`, {
        method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${gateway.token}`,
          'content-type': 'application/json',
          ...init.headers,
        },
        ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
      });
      return schema.parse(await response.json());
    },
    run: (name, input) =>
      gateway.gateway.control.run(name, input, { person: 'ann', role: 'owner', via: 'test' }),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await telegram.close();
      await model.close();
    },
  };
}

export function configFor(parts: {
  readonly model: string;
  readonly telegram: string;
  readonly more?: string;
}): string {
  return `
model:
  default: fake/m
  providers:
    fake: { baseUrl: "${parts.model}", apiKey: test-key-0123456789, models: { m: { context: 128000, priceIn: 1, priceOut: 2 } } }
channels:
  telegram: { token: "${telegramToken}", apiRoot: "${parts.telegram}" }
people:
  ann: { role: owner, identities: ["telegram:7"] }
${parts.more ?? ''}`;
}
