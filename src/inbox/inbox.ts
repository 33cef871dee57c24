import { addressToKey } from '#core/address.ts';
import { type InboundEvent, inboundEventSchema } from '#core/event.ts';
import type { LogPort } from '#core/ports/clock.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { AcceptEntry, EventsPort, Route } from '#core/store/events.ts';
import type { PeoplePort } from '#core/store/people.ts';
import { createInOrder } from '#lib/in-order.ts';
import { toMalformed } from './malformed.ts';
import { pairingRoute } from './pairing.ts';
import { type Access, type Routed, onlyCode, routeEvent, withoutContent } from './route.ts';
import { type StaleAnswerDeps, acknowledgeDecline, readStaleAnswer } from './stale-answer.ts';

export interface InboxDeps extends StaleAnswerDeps {
  readonly events: Pick<EventsPort, 'accept' | 'hasStale'>;
  readonly people: Pick<PeoplePort, 'pairings'>;
  readonly directory: DirectoryPort;
  readonly log: LogPort;
  /** `access` of the config; read at each use. */
  readonly access: () => Access;
}

export interface Inbox {
  /**
   * raw → parse → route → commit (with the cursor) → resolve: only now may the adapter acknowledge.
   * Contract: rejects when nothing was stored. An event that does not fit the schema becomes a refused row that says
   * what is wrong with it, so that it cannot block the ones behind it. Repeating an event is harmless.
   */
  accept(channel: string, events: readonly InboundEvent[], cursor: string | null): Promise<void>;
}

interface Sorted {
  readonly event: InboundEvent;
  readonly routed: Routed;
}

/** The first station: whoever writes, in whatever order and how often, each event becomes one row or none. */
export function createInbox(deps: InboxDeps): Inbox {
  // Strangers queue up here, so that two at once cannot both take the last free pairing code.
  const strangersInOrder = createInOrder();
  return {
    async accept(channel, events, cursor) {
      const sorted = await Promise.all(events.map((event) => sortEvent(channel, event, deps)));
      await acknowledge(sorted, deps);
      const entries = sorted.flatMap((one) => toEntries(one, deps));
      const strangers = sorted.filter(({ routed }) => routed.type === 'stranger').map(({ event }) => event);
      if (strangers.length === 0) return commit(entries);
      return strangersInOrder(async () => commit([...entries, ...(await hintedEntries(strangers, deps))]));

      async function commit(all: readonly AcceptEntry[]): Promise<void> {
        if (all.length === 0 && cursor === null) return;
        await deps.events.accept({ channel, entries: all, cursor, at: deps.clock.now() });
      }
    },
  };
}

async function sortEvent(channel: string, raw: InboundEvent, deps: InboxDeps): Promise<Sorted> {
  const parsed = inboundEventSchema.safeParse(raw);
  if (parsed.success && parsed.data.chat.channel === channel) {
    const event = withPlausibleTime(parsed.data, deps.clock.now());
    return { event, routed: await route(event, deps) };
  }
  const why = parsed.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  const reason = `malformed: ${why ?? `it came in by ${channel}`}`;
  const { event, refusal } = toMalformed(channel, raw, reason);
  deps.log.error('event.malformed', { channel, platformId: event.platformId, reason });
  return { event, routed: { type: 'route', route: refusal } };
}

const dayMs = 86_400_000;
const oldestMs = 10 * 365 * dayMs;

/** A platform whose clock is unset or far off says nothing about when: the arrival counts then. */
function withPlausibleTime(event: InboundEvent, now: number): InboundEvent {
  const isPlausible = event.sentAt > now - oldestMs && event.sentAt < now + dayMs;
  return isPlausible ? event : { ...event, sentAt: now };
}

function route(event: InboundEvent, deps: InboxDeps): Promise<Routed> {
  const chat = addressToKey(event.chat);
  return routeEvent(event, {
    directory: deps.directory,
    access: deps.access(),
    coalesce: deps.compose.abilitiesOf(chat)?.coalesce ?? false,
    staleAnswer: () => readStaleAnswer(deps, { chat, text: event.text, conversation: null }),
    codeIsOpen: async () => {
      const open = await deps.people.pairings(deps.clock.now());
      return open.some(({ kind }) => kind === 'owner' || kind === 'link');
    },
  });
}

async function acknowledge(sorted: readonly Sorted[], deps: InboxDeps): Promise<void> {
  for (const { event, routed } of sorted) {
    if (routed.type !== 'route' || routed.route.lane !== 'stale-answer' || routed.route.keep) continue;
    const key = `${event.chat.channel}:${event.platformId}`;
    await acknowledgeDecline(deps, { chat: addressToKey(event.chat), person: routed.route.person, key });
  }
}

function toEntries({ event, routed }: Sorted, deps: InboxDeps): readonly AcceptEntry[] {
  switch (routed.type) {
    case 'route':
      return [toEntry(event, routed.route, deps)];
    case 'code':
      return [toEntry(onlyCode(event), routed.route, deps)];
    case 'forbidden':
      return [toEntry(event, forbiddenRoute(event, routed, deps), deps)];
    case 'stranger':
    case 'ignore':
      return [];
  }
}

function forbiddenRoute(
  event: InboundEvent,
  { reason, answer }: Extract<Routed, { type: 'forbidden' }>,
  deps: InboxDeps,
): Route {
  const deliveries = deps.compose.say({
    chat: addressToKey(event.chat),
    markdown: answer,
    key: `forbidden:${event.chat.channel}:${event.platformId}`,
    replyTo: null,
    buttons: [],
    editOf: null,
  });
  return { lane: 'none', reason, deliveries, pairing: null };
}

function toEntry(event: InboundEvent, route: Route, deps: InboxDeps): AcceptEntry {
  return {
    id: deps.ids.event(),
    newConversation: deps.ids.conversation(),
    event: route.lane === 'none' || route.lane === 'withdrawal' ? withoutContent(event) : event,
    route,
  };
}

async function hintedEntries(
  events: readonly InboundEvent[],
  deps: InboxDeps,
): Promise<readonly AcceptEntry[]> {
  const now = deps.clock.now();
  const pending = [...(await deps.people.pairings(now))];
  return events.map((event) => {
    const hint = pairingRoute(event, pending, { ids: deps.ids, compose: deps.compose, now });
    if (hint.lane === 'none' && hint.pairing !== null) pending.push(hint.pairing);
    return toEntry(event, hint, deps);
  });
}
