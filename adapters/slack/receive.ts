import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import type { InboundEvent } from '#core/event.ts';
import type { AdapterDeps, SinkPort } from '#core/ports/adapter.ts';
import { createBatches } from '#lib/flow/batches.ts';
import { type Hook, answerHook } from '#lib/net/hook.ts';
import { createKnown } from '#lib/net/known.ts';
import { type Places, placesIn, placesText, withPlaces } from '#lib/catch-up/places.ts';
import { isSameSecret } from '#lib/hash.ts';
import { parseJson } from '#lib/read/json.ts';
import type { Answer, Client } from './client.ts';
import { type Bot, type Kind, type Parsed, parseHistory, parsePayload, type Reader } from './parse.ts';

/** payload → events → `sink.accept` → committed → Slack is told: by the envelope's ack, or by 200. */
export interface Intake {
  /** Asks Slack who the bot is, until it is known: before that nothing can be accepted. */
  identify(signal: AbortSignal): Promise<Answer<Bot>>;
  /**
   * Contract: resolves after the event and the cursor are committed; rejects when nothing was stored. A payload that is
   * not for us or cannot be read counts as accepted: it is logged and never holds up the others. Order is kept.
   */
  accept(kind: Kind, payload: unknown): Promise<void>;
  /** The same for messages that were read back, oldest first. They pass what is held. */
  acceptHistory(channel: string, messages: readonly unknown[]): Promise<void>;
  /** How far channels (`C1`) and threads (`C1/THREAD`) were stored, by the cursor in the store. */
  places(): Promise<Places>;
  /** What comes in waits, not acknowledged, until the returned function is called. */
  hold(): () => void;
  /**
   * Until the returned function is called, the cursor in the store stays where it is: behind what was stored since there may
   * be messages that were missed, and the next process has to look for them again.
   */
  stay(): () => void;
  /** Is told when `accept` could not store something. */
  onRefused(tell: () => void): void;
}

/** Where events go, and how long. */
export interface Door {
  readonly sink: SinkPort;
  readonly signal: AbortSignal;
}

interface Item {
  readonly isHistory: boolean;
  readonly payload: unknown;
  readonly parse: (reader: Reader) => readonly Parsed[];
}

const mostPlaces = 200;
const mostAtOnce = 100;
const userPattern = /"(?:user|user_id|id)":"([UW][A-Z0-9]+)"|<@([UW][A-Z0-9]+)/g;
const meSchema = z.object({ user_id: z.string(), team_id: z.string(), bot_id: z.string() });
const appSchema = z.object({ bot: z.object({ app_id: z.string() }) });
const userSchema = z.object({
  user: z.object({
    name: z.string(),
    profile: z.object({ display_name: z.string().optional(), real_name: z.string().optional() }).optional(),
  }),
});

export function createIntake(deps: AdapterDeps, client: Client, door: () => Door | null): Intake {
  const { clock, log } = deps;
  const names = createKnown(clock, (id, signal) => askName(client, id, signal));
  const reached = createReached(door);
  const holds = createLatch(() => batches.go());
  const stays = createLatch(() => undefined);
  const batches = createBatches<Item>({
    run,
    most: mostAtOnce,
    isHeld: (it) => holds.isClosed() && !it.isHistory,
  });
  let who: Answer<Bot> | null = null;
  let tellRefused = (): void => undefined;

  return {
    identify: async (signal) => {
      who = who?.ok ? who : await askWho(client, signal);
      return who;
    },
    places: reached.kept,
    accept: (kind, payload) => {
      const parse = (reader: Reader): readonly Parsed[] => [parsePayload(kind, payload, reader)];
      const added = batches.add({ isHistory: false, payload, parse });
      added.catch(() => tellRefused());
      return added;
    },
    acceptHistory: (channel, payload) => {
      const parse = (reader: Reader): readonly Parsed[] =>
        payload.flatMap((message) => parseHistory(message, channel, reader));
      return batches.add({ isHistory: true, payload, parse });
    },
    hold: holds.close,
    stay: stays.close,
    onRefused: (tell) => void (tellRefused = tell),
  };

  async function run(items: readonly Item[]): Promise<void> {
    const open = door();
    if (!who?.ok || open === null) throw new Error('Slack has not said yet who the bot is');
    const text = JSON.stringify(items.map(({ payload }) => payload));
    await names.learn([...text.matchAll(userPattern)].map(([, id, mentioned]) => id ?? mentioned ?? ''));
    const reader = { bot: who.value, now: clock.now(), nameOf: names.of };
    const parsed = items.flatMap((item) => item.parse(reader));
    const events = parsed.flatMap((result) => (result.type === 'event' ? [result.event] : []));
    const next = await reached.with(events);
    const mayMove = !stays.isClosed();
    if (events.length > 0) await open.sink.accept(events, mayMove ? placesText(next) : undefined);
    reached.is(next, mayMove);
    for (const result of parsed)
      if (isOdd(result)) log.warn('event.skipped', { channel: 'slack', ...result });
  }
}

/** How far places were stored: what the cursor in the store says, and where it has to stay behind what is so. */
function createReached(door: () => Door | null): {
  kept(): Promise<Places>;
  with(events: readonly InboundEvent[]): Promise<Places>;
  is(places: Places, isKept: boolean): void;
} {
  let inStore: Places | null = null;
  let known: Places | null = null;
  const isLater = (at: string, than: string): boolean => at > than;
  return {
    kept,
    with: async (events) =>
      withPlaces(known ?? (await kept()), events.flatMap(placesOf), { most: mostPlaces, isLater }),
    is: (places, isKept) => {
      known = places;
      if (isKept) inStore = places;
    },
  };

  async function kept(): Promise<Places> {
    inStore ??= placesIn((await door()?.sink.cursor()) ?? null);
    return inStore;
  }
}

/** Closed until everybody who closed it has called what they got for it. */
function createLatch(opened: () => void): { isClosed(): boolean; close(): () => void } {
  let closed = 0;
  return {
    isClosed: () => closed > 0,
    close: () => {
      closed += 1;
      return () => {
        closed -= 1;
        opened();
      };
    },
  };
}

/** Worth a line in the log: it is of another app or workspace, or of a shape that nobody expected. */
function isOdd({ type }: Parsed): boolean {
  return type === 'unreadable' || type === 'foreign';
}

/** Who the token belongs to, and of which app it is: without the scope users:read Slack does not tell that. */
async function askWho(client: Client, signal: AbortSignal): Promise<Answer<Bot>> {
  const me = await client.call(async (api) => meSchema.parse(await api.auth.test()), signal);
  if (!me.ok) return me;
  const { user_id: user, team_id: team, bot_id: id } = me.value;
  const info = await client.call(async (api) => appSchema.parse(await api.bots.info({ bot: id })), signal);
  if (!info.ok && info.failure.type !== 'refused') return info;
  return { ok: true, value: { user, team, app: info.ok ? info.value.bot.app_id : null } };
}

async function askName(client: Client, id: string, signal: AbortSignal): Promise<string | null> {
  const answer = await client.call(
    async (api) => userSchema.parse(await api.users.info({ user: id })),
    signal,
  );
  if (!answer.ok) return answer.failure.word.startsWith('user_not') ? id : null;
  const { name, profile } = answer.value.user;
  return profile?.display_name || profile?.real_name || name;
}

/** A message tells how far its channel was stored, a reply how far its thread, and what a thread may hang on both. */
function placesOf(event: InboundEvent): readonly { readonly place: string; readonly at: string }[] {
  const { kind, chat, messageId: at, replyTo } = event;
  if (kind !== 'message' || at === null) return [];
  const channel = chat.chat.slice(chat.chat.indexOf('/') + 1);
  const thread = chat.thread === null ? [] : [{ place: `${channel}/${chat.thread}`, at }];
  return replyTo === null ? [{ place: channel, at }, ...thread] : thread;
}

const bodyLimitBytes = 1_048_576;
const toleranceSeconds = 300;

/**
 * HTTP mode: events, buttons and slash commands come to one address, each signed, committed, then 200. Slack tries again
 * on every other answer, so what cannot be read is skipped with 200.
 */
export function createHttpDoor(
  deps: AdapterDeps & { readonly intake: Intake; readonly secret: string },
): (request: Request) => Promise<Response> {
  const { intake, clock, log, secret } = deps;
  const hook: Hook = {
    maxBytes: bodyLimitBytes,
    isGenuine,
    take: async (body) => {
      const [kind, payload] = payloadOf(body);
      const challenge = challengeSchema.safeParse(payload);
      if (challenge.success) return Response.json({ challenge: challenge.data.challenge });
      await intake.accept(kind, payload);
      return answerTo(kind) === undefined ? null : Response.json(answerTo(kind));
    },
    onRefused: (error) => log.error('event.refused', { channel: 'slack', why: messageOf(error) }),
  };
  return (request) => answerHook(request, hook);

  function isGenuine(headers: Headers, body: Uint8Array): boolean {
    const seconds = headers.get('x-slack-request-timestamp') ?? '';
    const age = Math.abs(clock.now() / 1000 - Number(seconds));
    if (!/^\d{1,12}$/.test(seconds) || age > toleranceSeconds) return false;
    const mac = createHmac('sha256', secret).update(`v0:${seconds}:`).update(body).digest('hex');
    return isSameSecret(headers.get('x-slack-signature') ?? '', `v0=${mac}`);
  }
}

const challengeSchema = z.object({ type: z.literal('url_verification'), challenge: z.string().max(1000) });

/** Who types a command is shown, and only they, that it arrived. */
export function answerTo(kind: Kind): Readonly<Record<string, string>> | undefined {
  return kind === 'slash_commands' ? { response_type: 'ephemeral', text: 'ok' } : undefined;
}

function payloadOf(body: string): readonly [Kind, unknown] {
  if (body.startsWith('{')) return ['events_api', parseJson(body)];
  const form = new URLSearchParams(body);
  const payload = form.get('payload');
  return payload === null
    ? ['slash_commands', Object.fromEntries(form)]
    : ['interactive', parseJson(payload)];
}
