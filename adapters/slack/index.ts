import type { ChatAddress } from '#core/address.ts';
import type { Abilities } from '#core/delivery.ts';
import type { AdapterDeps, AdapterPort } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import { within } from '#lib/net/within.ts';
import { checkSlack } from './check.ts';
import { createClient } from './client.ts';
import { createConnection } from './connect.ts';
import { createLookup } from './lookup.ts';
import { createHttpDoor, createIntake, type Door } from './receive.ts';
import { channelOf, createSend, uploadLimitBytes } from './send.ts';
import { type SlackSettings, slackSettingsSchema } from './settings.ts';

export interface SlackDeps extends AdapterDeps {
  readonly random: RandomPort;
  /** Absent: the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
  /** A socket that is silent for so long is dead. Default: 10 s. */
  readonly silenceMs?: number;
}

const can = { edits: true, typing: true, buttons: true, threads: true, reactions: true, drafts: false };
const abilities: Abilities = {
  ...can,
  files: { maxBytes: uploadLimitBytes },
  dialects: ['slack-markdown', 'slack-mrkdwn', 'plain'],
  maxText: 4_000,
  maxTextByDialect: { 'slack-markdown': 12_000, 'slack-mrkdwn': 3_000, plain: 4_000 },
  countedAs: 'utf16',
  delivery: 'push',
  sendSemantics: 'reconcilable',
  editEveryMs: 1_200,
  // Slack's "one a second" per channel allows short bursts; a real 429 says how long to wait.
  sendEveryMs: 100,
  coalesce: true,
};

const typingTimeoutMs = 5_000;
const lookupTimeoutMs = 50_000;
const checkTimeoutMs = 15_000;
/** Slack does not let this app show a status, now or later. */
const never = /missing_scope|not_allowed|unknown_method|no_permission|access_denied|not_supported/;

/** Contract: throws a ZodError where `settings` are not those of `channels.slack`. */
export function buildSlack(deps: SlackDeps, settings: unknown): AdapterPort {
  return createSlack(deps, slackSettingsSchema.parse(settings));
}

/**
 * Slack by the two clients that bolt is made of: bolt itself acknowledges before its listeners run (decision 024). The
 * loop (connect.ts), the acknowledgement (receive.ts) and the single call per delivery (send.ts) are our own.
 */
export function createSlack(deps: SlackDeps, settings: SlackSettings): AdapterPort {
  const { clock, silenceMs = 10_000, fetch = globalThis.fetch } = deps;
  const { botToken, apiRoot, way } = settings;
  const clientWith = (token: string): ReturnType<typeof createClient> =>
    createClient({ token, apiRoot }, { clock, fetch });
  const client = clientWith(botToken);
  const app = way.mode === 'socket' ? clientWith(way.appToken) : null;
  let door: Door | null = null;
  let showsStatus = true;
  const intake = createIntake(deps, client, () => door);
  const connect = createConnection({ ...deps, fetch, silenceMs, client, intake }, settings);
  const lookup = createLookup({ ...deps, client, intake });
  const closing = new AbortController();
  const life = { clock, signal: closing.signal };

  return {
    name: 'slack',
    abilities,
    start,
    ...(way.mode === 'http'
      ? { handle: createHttpDoor({ ...deps, intake, secret: way.signingSecret }) }
      : {}),
    send: createSend({ ...deps, client }),
    lookup: (delivery) => within({ ...life, ms: lookupTimeoutMs }, (signal) => lookup(delivery, signal)),
    typing,
    fetch: (file, signal) => client.download(file, signal),
    check: () =>
      within({ ...life, ms: checkTimeoutMs }, (signal) =>
        checkSlack({ client, app, intake }, settings, signal),
      ),
    close: async () => closing.abort(),
  };

  async function start(...[sink, signal]: Parameters<AdapterPort['start']>): Promise<void> {
    door = { sink, signal: AbortSignal.any([signal, closing.signal]) };
    await connect(door);
    door = null;
  }

  /** Only threads have a status. What Slack says to it changes nothing for the answer. */
  async function typing(place: ChatAddress): Promise<void> {
    if (place.thread === null || !showsStatus) return;
    const status = { channel_id: channelOf(place), thread_ts: place.thread, status: 'is thinking…' };
    const answer = await within({ ...life, ms: typingTimeoutMs }, (signal) =>
      client.call((api) => api.assistant.threads.setStatus(status), signal),
    );
    if (!answer.ok && never.test(answer.failure.word)) showsStatus = false;
  }
}
