import type { ChatAddress, ChatKey } from '../address.ts';
import type { ClockPort, LogPort, RandomPort } from './clock.ts';
import type { Abilities, OutboundDelivery, SendResult } from '../delivery.ts';
import type { FileRef, InboundEvent } from '../event.ts';

/** The door from an adapter into the kernel. */
export interface SinkPort {
  /**
   * Contract: resolves only after events and cursor are committed together; then the adapter may acknowledge.
   * Rejects when nothing was stored: then it must not. Handing in an event again is harmless.
   */
  accept(events: readonly InboundEvent[], cursor?: string): Promise<void>;
  /** The cursor committed last, or null. */
  cursor(): Promise<string | null>;
  /** Feeds readiness: a channel is down until it says up. `why` is for people. */
  state(state: 'up' | 'down', why: string): void;
}

/** The adapter's own keys and sessions, kept in the store under its name. */
export interface AdapterStatePort {
  get(key: string): Promise<string | null>;
  /** Null deletes. Resolves after commit. */
  set(key: string, value: string | null): Promise<void>;
  /** All of them in one commit. */
  setAll(entries: Readonly<Record<string, string | null>>): Promise<void>;
  /** Every key that begins so, with its value, in the order of the keys. */
  list(prefix: string): Promise<Readonly<Record<string, string>>>;
}

/** What a person scans or types on the phone so that it lets this gateway in. Whoever has it can read along: never logged. */
export interface LinkOffer {
  /** The text of the QR code, or the code to type. */
  readonly kind: 'qr' | 'code';
  readonly text: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** For platforms that let a gateway in from a phone, as a further device of it. */
export interface LinkPort {
  /** Null: it is linked, or is asking for the next offer. */
  offer(): LinkOffer | null;
  /** Asks for a code to type instead of a QR code. `phone`: international, digits only. Rejects as `unavailable` while that is not possible. */
  byCode(phone: string): Promise<LinkOffer>;
  /** Gives the link up: the phone forgets this gateway, and its keys are deleted here. */
  unlink(): Promise<void>;
}

export interface AdapterDeps {
  readonly clock: ClockPort;
  readonly log: LogPort;
  readonly state: AdapterStatePort;
}

/** What a platform's adapter is built from. */
export interface PlatformDeps extends AdapterDeps {
  readonly random: RandomPort;
  /** For every request that leaves: it asks right before whether this gateway still has the home. */
  readonly fetch: typeof globalThis.fetch;
}

/** A line of adapters/index.ts. */
export interface Platform {
  /** Its key under `channels` in config.yaml. */
  readonly name: string;
  /** Imports the SDK, so only what is configured costs time and memory. The builder throws a ZodError on bad settings. */
  load(): Promise<(deps: PlatformDeps, settings: unknown) => AdapterPort>;
}

/** The text of a running answer so far. The same `id` for all texts of one answer: a positive integer. */
export interface Draft {
  readonly id: number;
  readonly chat: ChatAddress;
  readonly text: string;
  readonly dialect: string;
}

/** What doctor prints about a channel: `fix` says in words what to do. */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly what: string;
  readonly fix: string | null;
}

/**
 * A platform. Differences between platforms are `abilities`, not methods.
 * One folder, one contract test (test/contract/adapter.ts), one line in adapters/index.ts.
 */
export interface AdapterPort {
  readonly name: string;
  readonly abilities: Abilities;
  /** Connects and keeps connecting (own backoff) until the signal aborts. Resolves when the loop has ended. */
  start(sink: SinkPort, signal: AbortSignal): Promise<void>;
  /** POST /hooks/<name>, and GET where the platform asks who is there. Absent: 404. Contract: answers 2xx only after `sink.accept` resolved. */
  handle?(request: Request): Promise<Response>;
  /** Names under /hooks/ that `handle` answers, and the largest body it is handed. Absent: its own name, 4 MiB. */
  readonly hooks?: { readonly names: readonly string[]; readonly maxBytes: number };
  /** The chat that hears what is said in this one. Absent or null: this one itself. */
  destination?(chat: ChatAddress): ChatKey | null;
  readonly link?: LinkPort;
  /** Contract: never throws for what the platform answers; one delivery is one platform call; no retries inside. */
  send(delivery: OutboundDelivery, signal: AbortSignal): Promise<SendResult>;
  /** After an interrupted send, only where sendSemantics is reconcilable. */
  lookup?(
    delivery: OutboundDelivery,
  ): Promise<
    { readonly found: 'sent'; readonly platformId: string } | { readonly found: 'absent' | 'unknown' }
  >;
  /** Shows "typing" once; ephemeral, dropped when late. Absent where abilities.typing is false. */
  typing?(chat: ChatAddress): Promise<void>;
  /**
   * Shows how far an answer has come; the answer itself is sent as a message afterwards. Ephemeral, dropped when late.
   * Contract: may reject, and nothing is lost then; as `not-found` where the platform turns out to have no drafts, so that
   * previews are shown from then on. Absent where abilities.drafts is false.
   */
  draft?(draft: Draft): Promise<void>;
  /** The bytes of a file that came in. Rejects when the platform no longer has it or it is over the limit. */
  fetch?(file: FileRef, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  check(): Promise<readonly Finding[]>;
  close(): Promise<void>;
}
