import { identityOf } from '#core/address.ts';
import { mayUse, parseChatCommand } from '#core/command.ts';
import type { InboundEvent } from '#core/event.ts';
import type { Person } from '#core/person.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { Route } from '#core/store/events.ts';
import { guestPerson } from './directory.ts';

export interface Access {
  readonly dm: 'pairing' | 'allowlist' | 'open';
  readonly groups: 'mention' | 'all' | 'off';
}

export interface RouteContext {
  readonly directory: DirectoryPort;
  readonly access: Access;
  /** The channel's messages may be answered together. */
  readonly coalesce: boolean;
  /** The chat was asked whether old messages still matter. */
  hasStale(): Promise<boolean>;
}

export type Routed =
  | { readonly type: 'route'; readonly route: Route }
  /** Somebody unknown in a direct chat while pairing is on: a hint with a code may be due. */
  | { readonly type: 'stranger' }
  /** Group chatter that is not meant for us: not even stored. */
  | { readonly type: 'ignore' };

/** Decides where an event goes, before anything is stored. Default deny: what no line lets through is refused. */
export async function routeEvent(event: InboundEvent, context: RouteContext): Promise<Routed> {
  const identity = identityOf(event.chat.channel, event.sender.id);
  const known = context.directory.resolve(identity);
  if (!event.direct) return routeInGroup(event, context, known);
  if (known !== null) return toRoute(event, context, known);
  if (parseChatCommand(event.text)?.name === 'pair') return toRoute(event, context, guestPerson(identity));
  if (context.access.dm === 'open') return toRoute(event, context, guestPerson(identity));
  if (context.access.dm === 'pairing' && event.kind === 'message') return { type: 'stranger' };
  return refuse('not on the allow-list');
}

/** A pairing made in a direct chat gives no rights here: only people that config lists, and the owner, may speak. */
async function routeInGroup(
  event: InboundEvent,
  context: RouteContext,
  known: Person | null,
): Promise<Routed> {
  if (context.access.groups === 'off') return { type: 'ignore' };
  if (!event.addressed && context.access.groups === 'mention') return { type: 'ignore' };
  const identity = identityOf(event.chat.channel, event.sender.id);
  if (known === null) return { type: 'ignore' };
  if (!context.directory.isListed(identity) && known.role !== 'owner') return { type: 'ignore' };
  return toRoute(event, context, known);
}

async function toRoute(event: InboundEvent, context: RouteContext, person: Person): Promise<Routed> {
  const { handle, role } = person;
  // Only a fresh message or a pressed button of ours can command: an edit, a reaction or a quote never does.
  const command = event.kind === 'message' || event.kind === 'button' ? parseChatCommand(event.text) : null;
  if (command !== null && !mayUse(role, command.name))
    return refuse(`/${command.name} is not allowed for a ${role}`);
  if (command === null && event.kind === 'button') return refuse('a button that is not ours');
  if (command === null && event.kind === 'message') {
    const answer = staleAnswer(event.text);
    if (answer !== null && (await context.hasStale())) {
      return { type: 'route', route: { lane: 'stale-answer', keep: answer, person: handle, role } };
    }
  }
  return {
    type: 'route',
    route: {
      lane: command === null ? 'turn' : 'command',
      person: handle,
      role,
      conversation: null,
      startsConversation: command?.name === 'new',
      coalesce: context.coalesce,
      history: [],
    },
  };
}

function staleAnswer(text: string): boolean | null {
  const word = text.trim().toLowerCase().replace(/[.!]$/, '');
  if (word === 'yes' || word === 'y') return true;
  if (word === 'no' || word === 'n') return false;
  return null;
}

function refuse(reason: string): Routed {
  return { type: 'route', route: { lane: 'none', reason, deliveries: [], pairing: null } };
}

/** What is kept of an event that nobody may have: enough to know it again, nothing of what was said. */
export function withoutContent(event: InboundEvent): InboundEvent {
  return { ...event, text: '', files: [], raw: '', sender: { id: event.sender.id, name: '' } };
}
