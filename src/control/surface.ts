import type { Finding, LinkOffer } from '#core/ports/adapter.ts';
import type { Delivery, DeliveryStatus } from '#core/delivery.ts';
import type { EventStatus, StoredEvent } from '#core/event.ts';
import type { KnownIdentity, Pairing, Role } from '#core/person.ts';
import type { Approval, ApprovalStatus } from '#core/policy.ts';
import type { SpendRow } from '#core/spend.ts';
import type { Step } from '#core/step.ts';
import type { Conversation, Turn, TurnStatus } from '#core/turn.ts';

/** Who asks. Page, CLI and API act with the owner's token; a chat command acts as its sender. */
export interface Actor {
  readonly person: string;
  readonly role: Role;
  /** `web`, `cli`, `api` or the channel of a chat command; written into audit fields. */
  readonly via: string;
}

export interface ChannelReport {
  readonly name: string;
  readonly state: 'up' | 'down';
  readonly why: string;
  /** Of this state. */
  readonly since: number;
  readonly lastEventAt: number | null;
  /** How often it went up or down since the start. */
  readonly changes: number;
  /** A phone lets it in: see `channels.link`. */
  readonly linkable?: true;
}

export interface StatusReport {
  readonly version: string;
  readonly home: string;
  readonly epoch: number;
  readonly startedAt: number;
  readonly model: string;
  readonly demo: boolean;
  readonly ready: boolean;
  readonly notReady: readonly string[];
  readonly channels: readonly ChannelReport[];
  readonly events: Readonly<Record<EventStatus, number>>;
  readonly turns: Readonly<Record<TurnStatus, number>>;
  readonly outbox: Readonly<Record<DeliveryStatus, number>>;
  readonly pendingApprovals: number;
  readonly spentTodayUsd: number;
  readonly rssBytes: number;
  readonly eventLoopP99Ms: number;
}

export interface TurnReport {
  readonly turn: Turn;
  readonly events: readonly StoredEvent[];
  readonly steps: readonly Step[];
  readonly spend: readonly {
    readonly model: string;
    readonly costUsd: number | null;
    readonly promptTokens: number;
    readonly cachedTokens: number;
    readonly completionTokens: number;
  }[];
  readonly deliveries: readonly Delivery[];
}

/**
 * Every command that people and programs can give, with what goes in and what comes out (plain JSON both ways).
 * CLI, page, API and chat commands all go through this one surface, so a right or a check stands in one place.
 */
export interface ControlSurface {
  status: { input: Record<string, never>; output: StatusReport };
  'channels.list': { input: Record<string, never>; output: readonly ChannelReport[] };
  /**
   * How a phone lets this channel in, asked again every few seconds until it is linked. `phone` (international): a code to type
   * instead of the QR code; asked with null afterwards, or each time there is a new code. `offer` is a secret for the
   * caller's eyes. `linked`: it is linked and connected, which does not say that messages come in.
   */
  'channels.link': {
    input: { channel: string; phone: string | null };
    output: {
      readonly state: 'up' | 'down';
      readonly why: string;
      readonly offer: LinkOffer | null;
      readonly linked: boolean;
    };
  };
  /** The phone forgets this gateway; nothing comes in until it is linked again. */
  'channels.unlink': { input: { channel: string }; output: { readonly unlinked: true } };
  'conversations.list': { input: { limit: number }; output: readonly Conversation[] };
  'conversations.show': {
    input: { id: string };
    output: { readonly conversation: Conversation; readonly steps: readonly Step[] };
  };
  'turns.list': {
    input: { status: TurnStatus | null; conversation: string | null; limit: number };
    output: readonly Turn[];
  };
  'turns.show': { input: { id: string }; output: TurnReport };
  /** In plain sentences: what happened to the turn, in order, and what can be done. */
  'turns.why': { input: { id: string }; output: { readonly lines: readonly string[] } };
  'turns.cancel': { input: { id: string }; output: { readonly cancelled: boolean } };
  'turns.redrive': { input: { id: string }; output: { readonly redriven: boolean } };
  'outbox.list': { input: { status: DeliveryStatus | null; limit: number }; output: readonly Delivery[] };
  'outbox.redrive': { input: { id: string }; output: { readonly redriven: boolean } };
  'approvals.list': { input: { status: ApprovalStatus | null; limit: number }; output: readonly Approval[] };
  'approvals.decide': {
    input: { id: string; decision: 'once' | 'deny'; reason: string | null };
    output: Approval;
  };
  'people.list': {
    input: Record<string, never>;
    output: { readonly identities: readonly KnownIdentity[]; readonly pairings: readonly Pairing[] };
  };
  /** Code null: mints a one-time owner code to send as `/pair CODE` from a chat. Else lets that stranger in. */
  'people.pair': {
    input: {
      code: string | null;
      handle: string | null;
      role: Role | null;
      timezone?: string | null | undefined;
      language?: string | null | undefined;
    };
    /** `paired`: the identity that was let in, as `handle`. */
    output: {
      readonly paired: string | null;
      readonly handle: string | null;
      readonly ownerCode: string | null;
      readonly expiresAt: number | null;
    };
  };
  /** The stranger with this code gets silence for 30 days, unless let in after all. */
  'people.refuse': { input: { code: string }; output: { readonly refused: string } };
  /** A one-time code that this person (null: the owner) sends as `/pair CODE` from another channel. */
  'people.link': {
    input: { handle: string | null };
    output: { readonly handle: string; readonly code: string; readonly expiresAt: number };
  };
  /** Time zone and language of a paired person; what is absent stays, null is no longer known. */
  'people.set': {
    input: { handle: string; timezone?: string | null | undefined; language?: string | null | undefined };
    output: { readonly handle: string; readonly timezone: string | null; readonly language: string | null };
  };
  /** Forgets who a paired identity is: it is a stranger's again. */
  'people.remove': { input: { identity: string }; output: { readonly removed: boolean } };
  spend: { input: { days: number }; output: readonly SpendRow[] };
  /** `area`: of that one alone, such as a channel; absent: of all. */
  doctor: {
    input: { offline: boolean; area?: string | undefined };
    output: readonly (Finding & { readonly area: string })[];
  };
  'config.show': {
    input: Record<string, never>;
    output: { readonly path: string; readonly yaml: string; readonly problems: readonly string[] };
  };
  models: { input: Record<string, never>; output: readonly string[] };
}

export type ControlName = keyof ControlSurface;

/**
 * Contract: rejects with a TiroError (`bad-input` naming the field, `not-found`, `denied`, `conflict`) for what the
 * caller did wrong. Over HTTP this is POST /api/control/<name> with the input as JSON body; an error comes back as
 * `{"error": {"code", "message"}}` with the status of `httpStatusByError`.
 */
export interface ControlPort {
  run<K extends ControlName>(
    name: K,
    input: ControlSurface[K]['input'],
    actor: Actor,
  ): Promise<ControlSurface[K]['output']>;
  /** The same for input from outside: checks that the command exists and that the input fits its schema. */
  runUntrusted(name: string, input: unknown, actor: Actor): Promise<unknown>;
}
