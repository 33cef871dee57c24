import { addressToKey } from '#core/address.ts';
import { type InboundEvent, inboundEventSchema } from '#core/event.ts';
import type { IdsPort } from '#core/ids.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { ComposePort } from '#core/ports/compose.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { AcceptEntry, EventsPort } from '#core/store/events.ts';
import type { PeoplePort } from '#core/store/people.ts';
import { createInOrder } from '#lib/in-order.ts';
import { pairingRoute } from './pairing.ts';
import { type Access, type Routed, routeEvent, withoutContent } from './route.ts';

export interface InboxDeps {
  readonly events: Pick<EventsPort, 'accept' | 'hasStale'>;
  readonly people: Pick<PeoplePort, 'pairings'>;
  readonly directory: DirectoryPort;
  readonly compose: ComposePort;
  readonly clock: ClockPort;
  readonly ids: IdsPort;
  readonly log: LogPort;
  /** `access` of the config; read at each use. */
  readonly access: () => Access;
}

export interface Inbox {
  /**
   * raw → parse → route → commit (with the cursor) → resolve: only now may the adapter acknowledge.
   * Contract: rejects when nothing was stored. An event that does not fit the schema is dropped with a log line, so that
   * it cannot block the ones behind it. Repeating it is harmless.
   */
  accept(channel: string, events: readonly InboundEvent[], cursor: string | null): Promise<void>;
}

/** The first station: whoever writes, in whatever order and how often, each event becomes one row or none. */
export function createInbox(deps: InboxDeps): Inbox {
  // Strangers queue up here, so that two at once cannot both take the last free pairing code.
  const strangersInOrder = createInOrder();
  return {
    async accept(channel, events, cursor) {
      const sorted = await sortEvents(channel, events, deps);
      const entries = sorted.flatMap(({ event, routed }) =>
        routed.type === 'route' ? [toEntry(event, routed, deps)] : [],
      );
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

async function sortEvents(
  channel: string,
  events: readonly InboundEvent[],
  deps: InboxDeps,
): Promise<readonly { readonly event: InboundEvent; readonly routed: Routed }[]> {
  const parsed = events.flatMap((raw) => {
    const result = inboundEventSchema.safeParse(raw);
    if (result.success && result.data.chat.channel === channel) return [result.data];
    deps.log.warn('event.malformed', { channel, platformId: raw.platformId, why: result.error?.message });
    return [];
  });
  return Promise.all(parsed.map(async (event) => ({ event, routed: await route(event, deps) })));
}

function route(event: InboundEvent, deps: InboxDeps): Promise<Routed> {
  const chat = addressToKey(event.chat);
  return routeEvent(event, {
    directory: deps.directory,
    access: deps.access(),
    coalesce: deps.compose.abilitiesOf(chat)?.coalesce ?? false,
    hasStale: () => deps.events.hasStale(chat),
  });
}

function toEntry(
  event: InboundEvent,
  routed: Extract<Routed, { type: 'route' }>,
  deps: InboxDeps,
): AcceptEntry {
  const stored = routed.route.lane === 'none' ? withoutContent(event) : event;
  return {
    id: deps.ids.event(),
    newConversation: deps.ids.conversation(),
    event: stored,
    route: routed.route,
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
    return toEntry(event, { type: 'route', route: hint }, deps);
  });
}
