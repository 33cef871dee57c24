import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import type { AdapterDeps, SinkPort } from '#core/ports/adapter.ts';
import type { LogPort } from '#core/ports/clock.ts';
import { isSameSecret } from '#lib/hash.ts';
import { type Client, type Failure, parseJson } from './client.ts';
import { type BotIdentity, parseUpdate } from './parse.ts';

/** updates → events → `sink.accept` → committed → the platform is told: by the next offset, or by 200. */
export interface Intake {
  /** Asks Telegram who the bot is, until it is known. Null: known; before that nothing can be accepted. */
  identify(signal: AbortSignal): Promise<Failure | null>;
  /**
   * Contract: resolves after all events and the cursor are committed; rejects when nothing was stored. An update that
   * is not for us or cannot be read counts as accepted: it is logged with its id and never holds up the others.
   */
  accept(updates: readonly unknown[], door: Door): Promise<void>;
}

/** Where events go, and how long. */
export interface Door {
  readonly sink: SinkPort;
  readonly signal: AbortSignal;
  readonly cursor?: string;
}

const botSchema = z.object({ id: z.number(), username: z.string() });

export function createIntake(deps: AdapterDeps, client: Client): Intake {
  const { clock, log } = deps;
  let bot: BotIdentity | null = null;
  return { identify, accept };

  async function identify(signal: AbortSignal): Promise<Failure | null> {
    if (bot !== null) return null;
    const me = await client.call(async (api) => botSchema.parse(await api.getMe()), signal);
    if (!me.ok) return me.failure;
    bot = me.value;
    return null;
  }

  async function accept(updates: readonly unknown[], door: Door): Promise<void> {
    const known = bot;
    if (known === null) throw new Error('Telegram has not said yet who the bot is');
    const heard = updates.map((update) => parseUpdate(update, known, clock.now()));
    const events = heard.flatMap((result) => (result.type === 'event' ? [result.event] : []));
    if (events.length > 0 || door.cursor !== undefined) await door.sink.accept(events, door.cursor);
    for (const result of heard) {
      if (result.type === 'unreadable') log.warn('event.skipped', { channel: 'telegram', ...result });
      // Beside the loop and best effort: it only stops the spinner on the button.
      if (result.type === 'event' && result.callbackId !== null) {
        void answerButton(result.callbackId, door.signal);
      }
    }
  }

  async function answerButton(callbackId: string, signal: AbortSignal): Promise<void> {
    const answer = await client.call((api) => api.answerCallbackQuery(callbackId), signal);
    if (!answer.ok) log.info('button.unanswered', { channel: 'telegram', why: answer.failure.why });
  }
}

const bodyLimitBytes = 1_048_576;

/**
 * Webhook mode: POST with the secret, committed, then 200. Telegram tries again on every other answer, so a body that
 * cannot be read is skipped with 200 like every unreadable update.
 */
export function createWebhookHandler(
  deps: { readonly log: LogPort; readonly intake: Intake; readonly secret: string },
  door: () => Door | null,
): (request: Request) => Promise<Response> {
  return async (request) => new Response(null, { status: await statusOf(request) });

  async function statusOf(request: Request): Promise<number> {
    if (request.method !== 'POST') return 405;
    const secret = request.headers.get('x-telegram-bot-api-secret-token') ?? '';
    if (!isSameSecret(secret, deps.secret)) return 401;
    const body = await request.text();
    if (Buffer.byteLength(body) > bodyLimitBytes) return 413;
    const open = door();
    if (open === null) return 503;
    try {
      await deps.intake.accept([parseJson(body)], open);
      return 200;
    } catch (error) {
      deps.log.error('event.refused', { channel: 'telegram', why: messageOf(error) });
      return 503;
    }
  }
}
