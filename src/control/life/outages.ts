import { z } from 'zod';
import { type ChatKey, parseChatKey } from '#core/address.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ControlDeps } from '../deps.ts';
import { type OwnerWordsDeps, ownerChats, tellOwner } from './owner-words.ts';

export interface OutagesDeps extends OwnerWordsDeps, Pick<ControlDeps, 'log' | 'channels'> {
  readonly adapters: readonly Pick<AdapterPort, 'name' | 'abilities'>[];
}

/** So long a channel may be away before the owner hears of it: starting and reconnecting are no news. */
const patienceMs = 2 * 60_000;
/** A channel that falls again within this time has not been back. */
const steadyMs = 15_000;
/** However often a channel falls, the owner hears of it no more often than this. */
const everyMs = 60 * 60_000;
/** Where the owner reads it when no channel is up that can be sent to. */
const page: ChatKey = 'web:owner';
const scope = 'outage';

/** What was told of a channel. `telling`, `returning`: written before the words, so that a crash neither drops nor doubles them. */
const outageSchema = z.object({
  phase: z.enum(['telling', 'told', 'returning', 'over']),
  /** When it went down, and when the owner was told of it; epoch ms. */
  since: z.number(),
  toldAt: z.number(),
  /** When it was back; null: it is not. */
  backAt: z.number().nullable(),
  chat: z.string().nullable(),
  why: z.string(),
});
type Outage = z.infer<typeof outageSchema>;

/** What this process saw of a channel. Waits are measured by `elapsed`: setting the clock makes no outage. */
interface Seen {
  downAt: number | null;
  downElapsed: number;
  upElapsed: number;
}

interface Look {
  readonly deps: OutagesDeps;
  readonly name: string;
  readonly state: 'up' | 'down';
  readonly why: string;
  readonly lastedMs: number;
  readonly since: number;
  readonly isSteady: boolean;
}

/**
 * channels → what was told of each → words to the owner on another channel → what was told
 *
 * An outage of two minutes is told once, and once more when it is over, with how long it was. Called now and then; reads
 * each channel's row once and writes it only when there is something to tell.
 */
export function createOutages(deps: OutagesDeps): () => Promise<void> {
  const seen = new Map<string, Seen>();
  const told = new Map<string, Outage | null>();
  const pushed = deps.adapters.filter(({ abilities }) => abilities.delivery === 'push');
  return async () => {
    const reports = deps.channels().filter((report) => pushed.some(({ name }) => name === report.name));
    for (const { name, state, why, since } of reports) {
      const look = { deps, name, state, why, ...watch(deps, seen, { name, state, since }) };
      const before = told.has(name) ? (told.get(name) ?? null) : await recall(deps, name);
      const after = await follow(look, before);
      told.set(name, after);
    }
  };
}

function watch(
  { clock }: OutagesDeps,
  seen: Map<string, Seen>,
  { name, state, since }: { readonly name: string; readonly state: 'up' | 'down'; readonly since: number },
): Pick<Look, 'lastedMs' | 'since' | 'isSteady'> {
  const elapsed = clock.elapsed();
  const before = seen.get(name) ?? { downAt: null, downElapsed: elapsed, upElapsed: elapsed };
  const now: Seen = { ...before };
  if (state === 'down') {
    now.upElapsed = Number.POSITIVE_INFINITY;
    if (before.downAt === null) Object.assign(now, { downAt: since, downElapsed: elapsed });
  } else {
    now.upElapsed = Math.min(before.upElapsed, elapsed);
    if (elapsed - now.upElapsed >= steadyMs) now.downAt = null;
  }
  seen.set(name, now);
  return {
    since: now.downAt ?? since,
    lastedMs: now.downAt === null ? 0 : elapsed - now.downElapsed,
    isSteady: state === 'up' && elapsed - now.upElapsed >= steadyMs,
  };
}

/** What has to be told now is written, told and written down as told. */
async function follow(look: Look, before: Outage | null): Promise<Outage | null> {
  const next = whatNext(look, before);
  if (next !== null && next !== before) await remember(look, next);
  if (next?.phase === 'telling') return remember(look, await tellDown(look, next));
  if (next?.phase === 'returning') return remember(look, await tellBack(look, next));
  return next;
}

function whatNext(
  { deps, state, lastedMs, since, isSteady, why }: Look,
  before: Outage | null,
): Outage | null {
  const now = deps.clock.now();
  if (before === null || before.phase === 'over') {
    const isNews = before === null || Math.abs(now - before.toldAt) >= everyMs;
    if (state === 'up' || lastedMs < patienceMs || !isNews) return before;
    return { phase: 'telling', since, toldAt: now, backAt: null, chat: null, why };
  }
  if (before.phase === 'told' && isSteady) return { ...before, phase: 'returning', backAt: now - steadyMs };
  return before;
}

async function tellDown(look: Look, outage: Outage): Promise<Outage> {
  const { deps, name } = look;
  const { since, why } = outage;
  const lasted = formatDuration(Math.max(deps.clock.now() - since, patienceMs));
  const chat = await chatFor(look, null);
  deps.log.warn('channel.outage', { channel: name, why, since, chat });
  const text = `I have had no connection to ${name} for ${lasted}: ${why}. What I have to say there waits, and I keep trying. \`tiro doctor\` says what can be done.`;
  await tellOwner(deps, { key: `outage:${name}:${since}`, chat, text });
  return { ...outage, phase: 'told', chat };
}

async function tellBack(look: Look, outage: Outage): Promise<Outage> {
  const { deps, name } = look;
  const { since, backAt } = outage;
  const lastedMs = Math.max((backAt ?? deps.clock.now()) - since, patienceMs);
  const chat = await chatFor(look, outage.chat);
  deps.log.info('channel.back', { channel: name, lastedMs, chat });
  const text = `${name} is back. I had no connection to it for ${formatDuration(lastedMs)}; what waited is on its way.`;
  await tellOwner(deps, { key: `outage:${name}:${since}:back`, chat, text });
  return { ...outage, phase: 'over' };
}

/** The chat where it was begun, else where the owner was seen last, on a channel that is up; else the page. */
async function chatFor({ deps }: Look, begun: string | null): Promise<ChatKey> {
  const pushed = deps.adapters.filter(({ abilities }) => abilities.delivery === 'push');
  const up = deps
    .channels()
    .filter(({ name, state }) => state === 'up' && pushed.some((one) => one.name === name));
  const isUp = (chat: ChatKey): boolean => up.some(({ name }) => name === parseChatKey(chat)?.channel);
  const chats = (await ownerChats(deps)).filter(isUp);
  return chats.find((chat) => chat === begun) ?? chats[0] ?? page;
}

async function recall({ store, log }: OutagesDeps, name: string): Promise<Outage | null> {
  const text = await store.state.get({ scope, key: name });
  if (text === null) return null;
  const parsed = outageSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  log.warn('outage.row-unreadable', { channel: name });
  return null;
}

async function remember({ deps, name }: Look, outage: Outage): Promise<Outage> {
  await deps.store.state.set({ scope, key: name, value: JSON.stringify(outage) });
  return outage;
}

function formatDuration(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 60) return count(minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return count(Math.floor(hours / 24), 'day');
  const rest = minutes % 60;
  return rest === 0 ? count(hours, 'hour') : `${count(hours, 'hour')} ${count(rest, 'minute')}`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
