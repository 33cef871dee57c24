import type { ChatAddress } from '#core/address.ts';
import type { Abilities } from '#core/delivery.ts';
import { TiroError } from '#core/errors.ts';
import type { AdapterDeps, AdapterPort } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import { within } from '#lib/net/within.ts';
import { checkTelegram } from './check.ts';
import { createClient } from './client.ts';
import { createConnection } from './connect.ts';
import { createIntake, createWebhookHandler, type Door } from './receive.ts';
import { createSend, threadOf } from './send.ts';
import { type TelegramSettings, telegramSettingsSchema } from './settings.ts';

export interface TelegramDeps extends AdapterDeps {
  readonly random: RandomPort;
  /** Absent: the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
}

const can = { edits: true, typing: true, buttons: true, threads: true, reactions: true };
const abilities: Abilities = {
  ...can,
  drafts: false,
  files: { maxBytes: 50_000_000 },
  dialects: ['telegram-html', 'plain'],
  maxText: 4096,
  countedAs: 'utf16',
  delivery: 'push',
  sendSemantics: 'blind',
  editEveryMs: 1_000,
  // Telegram's "one a second" per chat is an average: short bursts pass, a real 429 says how long to wait.
  sendEveryMs: 50,
  coalesce: true,
};

/** "Typing" that comes later than this is worse than none. */
const typingTimeoutMs = 5_000;
const checkTimeoutMs = 10_000;

/** Contract: throws a ZodError where `settings` are not those of `channels.telegram`. */
export function buildTelegram(deps: TelegramDeps, settings: unknown): AdapterPort {
  return createTelegram(deps, telegramSettingsSchema.parse(settings));
}

/**
 * Telegram by grammy's Bot API client alone: its polling and plugins confirm updates before they are stored or repeat
 * sends, so the loop (connect.ts) and the single call per delivery (send.ts) are our own.
 */
export function createTelegram(deps: TelegramDeps, settings: TelegramSettings): AdapterPort {
  const { clock, log } = deps;
  const client = createClient(settings, { clock, fetch: deps.fetch ?? globalThis.fetch });
  const intake = createIntake(deps, client);
  const connect = createConnection({ ...deps, client, intake }, settings);
  const closing = new AbortController();
  const life = { clock, signal: closing.signal };
  let door: Door | null = null;

  return {
    name: 'telegram',
    abilities,
    start,
    ...(settings.webhook === null
      ? {}
      : { handle: createWebhookHandler({ log, intake, secret: settings.webhook.secret }, () => door) }),
    send: createSend(client),
    typing,
    fetch: (file, signal) => client.download(file, signal),
    check: () => within({ ...life, ms: checkTimeoutMs }, (signal) => checkTelegram(client, settings, signal)),
    close: async () => closing.abort(),
  };

  async function start(...[sink, signal]: Parameters<AdapterPort['start']>): Promise<void> {
    const both = AbortSignal.any([signal, closing.signal]);
    door = { sink, signal: both };
    await connect(door);
    door = null;
  }

  async function typing(place: ChatAddress): Promise<void> {
    const thread = threadOf({ address: place });
    const answer = await within({ ...life, ms: typingTimeoutMs }, (signal) =>
      client.call((api) => api.sendChatAction(Number(place.chat), 'typing', thread), signal),
    );
    if (!answer.ok) throw new TiroError('unavailable', answer.failure.why);
  }
}
