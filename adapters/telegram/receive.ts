import { z } from 'zod';
import { albumsSchema, mergeAlbum } from '#core/inbound/album.ts';
import { TiroError, messageOf } from '#core/errors.ts';
import type { InboundEvent } from '#core/event.ts';
import type { AdapterDeps, SinkPort } from '#core/ports/adapter.ts';
import type { LogPort } from '#core/ports/clock.ts';
import { isSameSecret } from '#lib/hash.ts';
import { parseJson } from '#lib/read/json.ts';
import { createPartsGatherer } from '#lib/parts/gather.ts';
import { type Hook, answerHook } from '#lib/net/hook.ts';
import type { Part, Whole } from '#lib/parts/take.ts';
import type { Client, Failure } from './client.ts';
import type { Groups } from './groups.ts';
import { type BotIdentity, type HeardEvent, parseUpdate, readMove } from './parse.ts';

/** updates → events → `sink.accept` → committed → the platform is told: by the next offset, or by 200. */
export interface Intake {
  /** Asks Telegram who the bot is, until it is known, and goes on with what waits. Null: ready; before that nothing can be accepted. */
  prepare(door: Door): Promise<Failure | null>;
  /** The offset that was committed last, or ''. */
  offset(): string;
  /**
   * Contract: resolves after all events and the offset are committed; rejects when nothing was stored. An update that
   * is not for us or cannot be read counts as accepted: it is logged with its id and never holds up the others. Of an
   * album that may not be complete the messages are committed with the cursor.
   */
  accept(updates: readonly unknown[], door: Door): Promise<void>;
}

/** Where events go, and how long. */
export interface Door {
  readonly sink: SinkPort;
  readonly signal: AbortSignal;
  /** Absent: as it stands. */
  readonly offset?: string;
}

export type IntakeDeps = AdapterDeps & { readonly client: Client; readonly groups: Groups };

const botSchema = z.object({ id: z.number(), username: z.string() });
/** The messages of an album come one by one, without a word on how many: they come within a moment. */
const album = { quietMs: 500, most: 10, merge: eventOf, read: (it: unknown) => albumsSchema.parse(it) };

export function createIntake(deps: IntakeDeps): Intake {
  const { clock, log, client, groups } = deps;
  const refused = (error: unknown): void => refuse(log, error);
  const gatherer = createPartsGatherer<InboundEvent>({ clock, refused }, album);
  let bot: BotIdentity | null = null;
  return { prepare, offset: gatherer.offset, accept };

  async function prepare(door: Door): Promise<Failure | null> {
    if (bot === null) {
      const me = await client.call(async (api) => botSchema.parse(await api.getMe()), door.signal);
      if (!me.ok) return me.failure;
      bot = me.value;
    }
    await gatherer.load(door);
    return null;
  }

  async function accept(updates: readonly unknown[], door: Door): Promise<void> {
    const known = bot;
    if (known === null) throw new Error('Telegram has not said yet who the bot is');
    for (const move of updates.map(readMove)) if (move !== null) await groups.moved(move);
    const heard = updates.map((update) => parseUpdate(update, known, clock.now()));
    const events = heard.filter((result) => result.type === 'event');
    await gatherer.take(door, await Promise.all(events.map(partOf)), door.offset);
    for (const result of heard)
      if (result.type === 'unreadable') log.warn('event.skipped', { channel: 'telegram', ...result });
    // Beside the loop and best effort: it only stops the spinner on the button.
    for (const { callbackId } of events) if (callbackId !== null) void answerButton(callbackId, door.signal);
  }

  async function partOf({ event, album: key }: HeardEvent): Promise<Part<InboundEvent>> {
    const { chat, messageId, kind, direct } = event;
    if (!direct) await groups.met(chat.chat);
    const value = { ...event, chat: { ...chat, chat: await groups.firstId(chat.chat) } };
    const order = kind === 'message' && messageId !== null ? Number(messageId) : null;
    return { key, place: chat.chat, order, value };
  }

  async function answerButton(callbackId: string, signal: AbortSignal): Promise<void> {
    const answer = await client.call((api) => api.answerCallbackQuery(callbackId), signal);
    if (!answer.ok) log.info('button.unanswered', { channel: 'telegram', why: answer.failure.why });
  }
}

function eventOf({ key, isLate, values }: Whole<InboundEvent>): InboundEvent {
  const [first] = values;
  if (key === null && first !== undefined) return first;
  return mergeAlbum(values, `album:${key}${isLate ? `:${first?.messageId}` : ''}`);
}

function refuse(log: LogPort, error: unknown): void {
  log.error('event.refused', { channel: 'telegram', why: messageOf(error) });
}

/** Webhook mode. A body that cannot be read is skipped with 200 like every unreadable update. */
export function createWebhookHandler(
  deps: { readonly log: LogPort; readonly intake: Intake; readonly secret: string },
  door: () => Door | null,
): (request: Request) => Promise<Response> {
  const hook: Hook = {
    maxBytes: 1_048_576,
    isGenuine: (headers) => isSameSecret(headers.get('x-telegram-bot-api-secret-token') ?? '', deps.secret),
    take: async (body) => {
      const open = door();
      if (open === null) throw new TiroError('unavailable', 'The channel has not started yet.');
      await deps.intake.accept([parseJson(body)], open);
      return null;
    },
    onRefused: (error) => refuse(deps.log, error),
  };
  return (request) => answerHook(request, hook);
}
