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
  /** What the text says to the question about old messages, where the chat was asked it; else null. */
  staleAnswer(): Promise<boolean | null>;
  /** A code is open by which somebody unknown becomes somebody known. */
  codeIsOpen(): Promise<boolean>;
}

export type Routed =
  | { readonly type: 'route'; readonly route: Route }
  /** A command that its sender may not give. */
  | { readonly type: 'forbidden'; readonly reason: string; readonly answer: string }
  /** Somebody unknown in a direct chat while pairing is on: a hint with a code may be due. */
  | { readonly type: 'stranger' }
  /** Somebody unknown sends a code while one is open. */
  | { readonly type: 'code'; readonly route: Route }
  /** Group chatter that is not meant for us: not even stored. */
  | { readonly type: 'ignore' };

/** Decides where an event goes, before anything is stored. Default deny: what no line lets through is refused. */
export async function routeEvent(event: InboundEvent, context: RouteContext): Promise<Routed> {
  // Whoever deleted it: what is not answered is not to be answered any more. It starts nothing and tells nobody anything.
  if (event.kind === 'deletion') return { type: 'route', route: { lane: 'withdrawal' } };
  if (event.kind === 'undelivered') return { type: 'route', route: { lane: 'undelivered' } };
  if (event.doubt !== undefined) return refuse(event.doubt);
  const identity = identityOf(event.chat.channel, event.sender.id);
  const known = context.directory.resolve(identity);
  if (!event.direct) return routeInGroup(event, context, known);
  if (known !== null) return toRoute(event, context, known);
  const guest = guestPerson(identity);
  if (context.access.dm === 'open' || event.vouched === true) return toRoute(event, context, guest);
  if (sendsCode(event) && (await context.codeIsOpen())) {
    return { type: 'code', route: talk(context, guest, 'command') };
  }
  if (context.access.dm === 'pairing' && event.kind === 'message') return { type: 'stranger' };
  return refuse('not on the allow-list');
}

/** A pairing made in a direct chat gives no rights here: only people that config names, and the owner, may speak. */
async function routeInGroup(
  event: InboundEvent,
  context: RouteContext,
  known: Person | null,
): Promise<Routed> {
  if (context.access.groups === 'off') return { type: 'ignore' };
  if (!event.addressed && context.access.groups === 'mention') return { type: 'ignore' };
  const identity = identityOf(event.chat.channel, event.sender.id);
  if (known === null || !context.directory.speaksInGroups(identity)) return { type: 'ignore' };
  // Codes are for two: in a group everybody reads them.
  if (commandOf(event)?.name === 'pair') return { type: 'ignore' };
  return toRoute(event, context, known);
}

async function toRoute(event: InboundEvent, context: RouteContext, person: Person): Promise<Routed> {
  const { handle, role } = person;
  const command = commandOf(event);
  if (command !== null && !mayUse(role, command.name)) {
    const reason = `/${command.name} is not allowed for a ${role}`;
    return {
      type: 'forbidden',
      reason,
      answer: `/${command.name} is not for a ${role}. /help lists what is.`,
    };
  }
  if (command === null && event.kind === 'button') return refuse('a button that is not ours');
  if (command === null && event.kind === 'message') {
    const keep = await context.staleAnswer();
    if (keep !== null) {
      return { type: 'route', route: { lane: 'stale-answer', keep, person: handle, role } };
    }
  }
  const route = talk(context, person, command === null ? 'turn' : 'command');
  return { type: 'route', route: { ...route, startsConversation: command?.name === 'new' } };
}

/** Only a fresh message or a pressed button of ours can command: an edit, a reaction or a quote never does. */
function commandOf(event: InboundEvent): ReturnType<typeof parseChatCommand> {
  return event.kind === 'message' || event.kind === 'button' ? parseChatCommand(event.text) : null;
}

function sendsCode(event: InboundEvent): boolean {
  const command = commandOf(event);
  return command?.name === 'pair' && command.args !== '';
}

type Talk = Extract<Route, { readonly lane: 'turn' | 'command' }>;

function talk(context: RouteContext, { handle, role }: Person, lane: Talk['lane']): Talk {
  return {
    lane,
    person: handle,
    role,
    conversation: null,
    startsConversation: false,
    coalesce: context.coalesce,
    history: [],
  };
}

function refuse(reason: string): Routed {
  return { type: 'route', route: { lane: 'none', reason, deliveries: [], pairing: null } };
}

/** What is kept of an event that nobody may have: enough to know it again, nothing of what was said. */
export function withoutContent(event: InboundEvent): InboundEvent {
  return { ...event, text: '', files: [], raw: '', sender: { id: event.sender.id, name: '' } };
}

/** Of a stranger's code only the code is kept. */
export function onlyCode(event: InboundEvent): InboundEvent {
  const [code = ''] = (commandOf(event)?.args ?? '').split(/\s+/);
  return { ...event, text: `/pair ${code.slice(0, 16)}`, files: [], raw: '' };
}
