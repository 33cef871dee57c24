import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import type { AdapterPort, Finding, Platform, PlatformDeps, SinkPort } from '#core/ports/adapter.ts';
import { type Outcome, keepConnected, reconnect, reconnectSeldom } from '#lib/net/keep-connected.ts';
import { type Call, type Failure, createCall } from './client.ts';
import { createDoor } from './door.ts';
import { parsePayload } from './parse.ts';
import { send } from './send.ts';
import { type ToySettings, toySettingsSchema } from './settings.ts';

/** What stands as one line in adapters/index.ts for a platform inside the tree. */
export const toyPlatform: Platform = {
  name: 'toy',
  load: async () => (deps, settings) => createToy(deps, toySettingsSchema.parse(settings)),
};

export function createToy(
  deps: Omit<PlatformDeps, 'fetch'> & Partial<Pick<PlatformDeps, 'fetch'>>,
  settings: ToySettings,
): AdapterPort {
  const door = createDoor(deps, settings.secret);
  const call = createCall({ clock: deps.clock, fetch: deps.fetch ?? fetch }, settings);
  return {
    name: 'toy',
    abilities: {
      dialects: ['plain'],
      maxText: 2_000,
      countedAs: 'utf16',
      delivery: 'push',
      edits: true,
      drafts: false,
      typing: false,
      buttons: false,
      threads: false,
      reactions: false,
      files: null,
      sendSemantics: 'idempotent',
      editEveryMs: 1_000,
      sendEveryMs: 0,
      coalesce: true,
    },
    start: (sink, signal) => {
      door.open(sink);
      // The first poll after a start or a failure does not wait, so that readiness is known at once.
      let wait = false;
      const step = async (): Promise<Outcome> => {
        const outcome = await poll({ ...deps, call, wait }, sink, signal);
        wait = outcome.ok;
        return outcome;
      };
      return keepConnected(deps, { step, explain, tell: sink.state }, signal);
    },
    handle: door.handle,
    send: (delivery, signal) => send(call, delivery, signal),
    check: () => check(call),
    close: () => Promise.resolve(),
  };
}

const pollSchema = z.object({ messages: z.array(z.object({ n: z.int(), payload: z.unknown() })) });

/** Ask for what follows the cursor → commit it with its cursor → ask again, which acknowledges it. */
async function poll(
  { call, log, wait }: Pick<PlatformDeps, 'log'> & { readonly call: Call; readonly wait: boolean },
  sink: SinkPort,
  signal: AbortSignal,
): Promise<Outcome> {
  const after = Number((await sink.cursor()) ?? 0);
  const answer = await call('/poll', { after, wait }, signal);
  if (!answer.ok) return outcomeOf(answer.failure);
  const { messages } = pollSchema.parse(answer.value);
  const last = messages.at(-1);
  if (last === undefined) return { ok: true, pause: 0 };
  const events = messages.flatMap(({ n, payload }) => {
    const event = parsePayload(payload);
    if (event === null) log.info('toy.skipped', { n });
    return event === null ? [] : [event];
  });
  await sink.accept(events, String(last.n));
  return { ok: true, pause: 0 };
}

function explain(error: unknown): Outcome {
  return { ok: false, why: `what came in could not be stored: ${messageOf(error)}`, pause: reconnect };
}

function outcomeOf({ code, why }: Failure): Outcome {
  return { ok: false, why, pause: code === 401 ? reconnectSeldom : reconnect };
}

async function check(call: Call): Promise<readonly Finding[]> {
  const answer = await call('/me', {}, new AbortController().signal);
  if (answer.ok) return [{ level: 'ok', what: 'the toy knows the key', fix: null }];
  const { code, why } = answer.failure;
  const fix = code === 401 ? 'Put the right key under channels.toy.' : 'Is the toy switched on?';
  return [{ level: 'fail', what: why, fix }];
}
