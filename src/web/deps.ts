import type { ConversationId } from '#core/ids.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { DoorPort } from '#core/ports/door.ts';
import type { LivePort } from '#core/ports/live.ts';
import type { OutgoingFilesPort } from '#core/ports/media.ts';
import type { ApprovalsPort } from '#core/store/approvals.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import type { EventsPort } from '#core/store/events.ts';
import type { StatePort } from '#core/store/state.ts';
import type { StorePort } from '#core/store/store.ts';
import type { StepsPort, TurnsPort } from '#core/store/turns.ts';
import type { Actor, ControlPort } from '#control/surface.ts';
import type { Hook } from './http/hooks.ts';

export interface WebDeps {
  readonly door: DoorPort;
  readonly control: ControlPort;
  readonly steps: StepsPort;
  readonly turns: Pick<TurnsPort, 'get' | 'eventsOf'>;
  readonly events: Pick<EventsPort, 'get'>;
  readonly conversations: Pick<ConversationsPort, 'get' | 'list'>;
  readonly approvals: Pick<ApprovalsPort, 'get' | 'list'>;
  /** Login sessions and the fingerprints of keyed decisions, scope `web`. */
  readonly state: Pick<StatePort, 'get' | 'set'>;
  readonly onCommit: StorePort['onCommit'];
  /** What Tiro made for people: the page links it. */
  readonly files: Pick<OutgoingFilesPort, 'read'>;
  readonly live: LivePort;
  /** By channel name: who answers POST /hooks/<name>. */
  readonly hooks: ReadonlyMap<string, Hook>;
  readonly readiness: () => { readonly ready: boolean; readonly notReady: readonly string[] };
  /** Contract: returns HTML that is safe to insert: no scripts, no handlers, no foreign elements. */
  readonly renderHtml: (markdown: string) => string;
  readonly clock: ClockPort;
  readonly log: LogPort;
  /** The owner's bearer token. */
  readonly token: string;
  readonly randomToken: () => string;
}

export interface WebOptions {
  readonly host: string;
  /** 0 takes any free port; `start` says which. */
  readonly port: number;
  /** The owner's handle, written into audit fields; `owner` when absent. */
  readonly owner?: string;
}

/** How a request proved that it is the owner's. */
export type Via = 'api' | 'web';

/** What hono carries along a request. `remote` is the peer's address where there is a socket. */
export interface WebEnv {
  Bindings: {
    readonly incoming?: {
      readonly socket: { readonly remoteAddress?: string; readonly encrypted?: boolean };
    };
  };
  Variables: { via: Via };
}

export function actorOf(options: WebOptions, via: Via): Actor {
  return { person: options.owner ?? 'owner', role: 'owner', via };
}

export function isConversationId(text: string): text is ConversationId {
  return /^cnv_[0-9A-Za-z]{1,64}$/.test(text);
}
