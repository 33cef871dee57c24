import type { Abilities } from '#core/delivery.ts';
import type { AdapterDeps, AdapterPort } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import { within } from '#lib/net/within.ts';
import { checkTelegram } from './check.ts';
import { createClient } from './client.ts';
import { createConnection } from './connect.ts';
import { createGroups } from './groups.ts';
import { createIntake, createWebhookHandler, type Door } from './receive.ts';
import { createGlimpses, createSend } from './send.ts';
import { type TelegramSettings, telegramSettingsSchema } from './settings.ts';

export interface TelegramDeps extends AdapterDeps {
  readonly random: RandomPort;
  /** Absent: the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
}

const can = { edits: true, drafts: true, typing: true, buttons: true, threads: true, reactions: true };
const abilities: Abilities = {
  ...can,
  files: { maxBytes: 50_000_000 },
  dialects: ['telegram-rich', 'telegram-html', 'plain'],
  maxText: 4096,
  maxTextByDialect: { 'telegram-rich': 32_768 },
  countedAs: 'utf16',
  delivery: 'push',
  sendSemantics: 'blind',
  editEveryMs: 1_000,
  // Telegram's "one a second" per chat is an average: short bursts pass, a real 429 says how long to wait.
  sendEveryMs: 50,
  coalesce: true,
};

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
  const groups = createGroups(deps.state);
  const intake = createIntake({ ...deps, client, groups });
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
    send: createSend(client, groups),
    ...createGlimpses({ client, groups, ...life }),
    fetch: (file, signal) => client.download(file, signal),
    check: () =>
      within({ ...life, ms: checkTimeoutMs }, (signal) =>
        checkTelegram({ client, groups }, settings, signal),
      ),
    close: async () => closing.abort(),
  };

  async function start(...[sink, signal]: Parameters<AdapterPort['start']>): Promise<void> {
    const both = AbortSignal.any([signal, closing.signal]);
    door = { sink, signal: both };
    await connect(door);
    door = null;
  }
}
