import { z } from 'zod';
import { chatCommands } from '#core/command.ts';
import { messageOf } from '#core/errors.ts';
import type { AdapterDeps } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import { sha256Hex } from '#lib/hash.ts';
import { type Outcome, keepConnected, reconnect, reconnectSeldom } from '#lib/net/keep-connected.ts';
import type { Client, Failure } from './client.ts';
import { isUpdate } from './parse.ts';
import type { Door, Intake } from './receive.ts';
import type { TelegramSettings } from './settings.ts';

export type ConnectDeps = AdapterDeps & { random: RandomPort; client: Client; intake: Intake };

type Step = (door: Door) => Promise<Outcome>;

const pollSeconds = 30;
const updatesSchema = z.array(z.unknown());
/** After a week without updates Telegram counts on from a random id: an old offset could confirm unread ones. */
const forgetOffsetMs = 6 * 24 * 3_600_000;
const webhookAgainMs = 15 * 60_000;
const webhookConflict = /409.*webhook/i;
const allowedUpdates = ['message', 'edited_message', 'callback_query', 'message_reaction'] as const;

/** Stays connected until the signal aborts. Tells the sink of each change between up and down, with the reason. */
export function createConnection(
  deps: ConnectDeps,
  settings: TelegramSettings,
): (door: Door) => Promise<void> {
  const step = settings.webhook === null ? createPolling(deps) : createWebhook(deps, settings.webhook);
  return (door) =>
    keepConnected(deps, { step: () => step(door), explain, tell: door.sink.state }, door.signal);

  /** The store refused: nothing was accepted, so the same updates come again from the old offset. */
  function explain(error: unknown): Outcome {
    const why = `what came in could not be stored: ${messageOf(error)}`;
    deps.log.error('event.refused', { channel: 'telegram', why });
    return { ok: false, why, pause: reconnect };
  }
}

/** getUpdates(offset) → commit events and next offset → getUpdates(next offset), which confirms them to Telegram. */
function createPolling(deps: ConnectDeps): Step {
  const { client, intake, clock } = deps;
  let prepared = false;
  // The first poll after a start or a failure does not wait, so that readiness is known at once.
  let fresh = true;

  return async (door) => {
    const failure = prepared ? null : await prepare(door);
    if (failure !== null) return outcomeOfFailure(failure);
    const timeout = fresh ? 0 : pollSeconds;
    fresh = true;
    const query = { ...offsetIn(intake.offset(), clock.now()), timeout, allowed_updates: allowedUpdates };
    const updates = await client.call(
      async (api) => updatesSchema.parse(await api.getUpdates(query)),
      door.signal,
    );
    if (!updates.ok) {
      prepared = !webhookConflict.test(updates.failure.why); // else deleted again before the next poll
      return outcomeOfFailure(updates.failure);
    }
    if (updates.value.length > 0) {
      await intake.accept(updates.value, { ...door, offset: offsetAfter(updates.value, clock.now()) });
    }
    fresh = false;
    return { ok: true, pause: 0 };
  };

  /** A webhook set earlier would make getUpdates fail for ever. Deleting it drops nothing that waits. */
  async function prepare(door: Door): Promise<Failure | null> {
    const unknown = await intake.prepare(door);
    if (unknown !== null) return unknown;
    const deleted = await client.call((api) => api.deleteWebhook(), door.signal);
    if (!deleted.ok) return deleted.failure;
    await setMenu(deps, door.signal);
    prepared = true;
    return null;
  }
}

/** Sets the webhook, and again now and then: that changes nothing, or undoes what another program did to it. */
function createWebhook(deps: ConnectDeps, webhook: NonNullable<TelegramSettings['webhook']>): Step {
  const { client, intake } = deps;
  const other = { secret_token: webhook.secret, allowed_updates: allowedUpdates };

  return async (door) => {
    const unknown = await intake.prepare(door);
    if (unknown !== null) return outcomeOfFailure(unknown);
    const answer = await client.call((api) => api.setWebhook(webhook.url, other), door.signal);
    if (!answer.ok) return outcomeOfFailure(answer.failure);
    await setMenu(deps, door.signal);
    return { ok: true, pause: webhookAgainMs };
  };
}

/** The next offset and the time of the last update, such as `102@1795000000000`. */
function offsetAfter(updates: readonly unknown[], now: number): string {
  const ids = updates.filter(isUpdate).map((update) => update.update_id);
  if (ids.length === 0) throw new Error('Telegram sent updates without ids');
  return `${Math.max(...ids) + 1}@${now}`;
}

/** Without an offset Telegram sends everything that is not confirmed: what is known is dropped by its id. */
function offsetIn(text: string, now: number): { readonly offset?: number } {
  const [offset, at] = text.split('@').map(Number);
  return offset !== undefined && at !== undefined && now - at <= forgetOffsetMs ? { offset } : {};
}

/** The commands behind Telegram's `/`; set again only when they changed. Without them everything works. */
async function setMenu({ client, state, log }: ConnectDeps, signal: AbortSignal): Promise<void> {
  const all = Object.entries(chatCommands).map(([command, { does: description }]) => ({
    command,
    description,
  }));
  const commandsIn = {
    all_private_chats: all,
    all_group_chats: all.filter(({ command }) => command !== 'pair'), // that is between two
  };
  const hash = sha256Hex(JSON.stringify(commandsIn));
  if ((await state.get('menu')) === hash) return;
  for (const type of ['all_private_chats', 'all_group_chats'] as const) {
    const set = await client.call((api) => api.setMyCommands(commandsIn[type], { scope: { type } }), signal);
    if (!set.ok) return log.info('menu.unset', { channel: 'telegram', why: set.failure.why });
  }
  await state.set('menu', hash);
}

function outcomeOfFailure({ code, why, retryAfterMs }: Failure): Outcome {
  if (code === 401 || code === 404)
    return { ok: false, why: `token refused (${why})`, pause: reconnectSeldom };
  const pause = retryAfterMs ?? reconnect;
  if (code !== 409) return { ok: false, why, pause };
  const rival = webhookConflict.test(why) ? 'a webhook blocks polling' : 'another program polls this bot';
  return { ok: false, why: `${rival} (${why})`, pause };
}
