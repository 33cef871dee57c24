import { TiroError, type TiroErrorCode, messageOf } from '#core/errors.ts';
import type { CommitNote, StorePort } from '#core/store/store.ts';

/** What crosses between the main thread and the store's thread: plain data, both ways. */

/** The groups of the store's verbs: a port of core each. */
export type Group = Exclude<keyof StorePort, 'onCommit' | 'backup' | 'close'>;

/** Every verb, and whether it needs the group commit. */
export const modes = {
  boots: { current: 'read', assertCurrent: 'read', healthy: 'write', stopped: 'write' },
  events: {
    accept: 'write',
    cursor: 'read',
    get: 'read',
    byPlatformId: 'read',
    commands: 'read',
    settleCommand: 'write',
    failCommand: 'write',
    list: 'read',
    countByStatus: 'read',
    waiting: 'read',
    waitingForPlace: 'read',
    hasStale: 'read',
  },
  turns: {
    claim: 'write',
    join: 'write',
    orphans: 'read',
    resume: 'write',
    append: 'write',
    defer: 'write',
    retryDue: 'write',
    stop: 'write',
    redrive: 'write',
    get: 'read',
    eventsOf: 'read',
    list: 'read',
    countByStatus: 'read',
  },
  steps: {
    ofConversation: 'read',
    latest: 'read',
    ofTurn: 'read',
    since: 'read',
    get: 'read',
    lastSeq: 'read',
  },
  conversations: {
    get: 'read',
    openOf: 'read',
    list: 'read',
    setModel: 'write',
    setQueueMode: 'write',
    chatsOf: 'read',
    say: 'write',
  },
  outbox: {
    claim: 'write',
    settle: 'write',
    interrupted: 'read',
    preview: 'write',
    previewOf: 'read',
    get: 'read',
    ofTurn: 'read',
    list: 'read',
    countByStatus: 'read',
    nextDueAt: 'read',
    redrive: 'write',
  },
  approvals: { get: 'read', list: 'read', decide: 'write', overdue: 'read' },
  people: {
    identities: 'read',
    pair: 'write',
    pairings: 'read',
    addPairing: 'write',
    refuse: 'write',
    setLocale: 'write',
    remove: 'write',
  },
  spend: { reserve: 'write', settle: 'write', settleOrphans: 'write', byDay: 'read', ofTurn: 'read' },
  state: { get: 'read', set: 'write', setAll: 'write', list: 'read' },
} as const satisfies { readonly [G in Group]: { readonly [V in keyof StorePort[G]]: 'read' | 'write' } };

/** How the thread opens a home. All paths are absolute. */
export interface OpenOptions {
  readonly file: string;
  readonly lockFile: string;
  readonly backupDir: string;
  readonly takeover: boolean;
  readonly lockWaitMs: number;
  readonly startedAt: number;
}

export type Request =
  | {
      readonly type: 'call';
      readonly id: number;
      readonly group: Group;
      readonly verb: string;
      readonly args: readonly unknown[];
    }
  | { readonly type: 'backup'; readonly id: number; readonly path: string }
  | { readonly type: 'close'; readonly id: number };

export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: PlainError };

export type Report =
  | { readonly type: 'ready'; readonly epoch: number }
  /** The home could not be opened; the thread ends. */
  | { readonly type: 'failed'; readonly error: PlainError }
  /** `note` says what a group commit made true; null where there was none. */
  | { readonly type: 'answers'; readonly note: CommitNote | null; readonly answers: readonly Answer[] }
  /** Why the disk takes no writes now; null when it takes them again. Told at each change. */
  | { readonly type: 'trouble'; readonly trouble: string | null }
  /** The store can not go on; told once. */
  | { readonly type: 'fatal'; readonly error: PlainError }
  | { readonly type: 'log'; readonly event: string; readonly fields: Readonly<Record<string, unknown>> };

/** An error without its class: `code` is null for a defect. */
export interface PlainError {
  readonly code: TiroErrorCode | null;
  readonly message: string;
  readonly stack: string | null;
}

export function toPlainError(error: unknown): PlainError {
  return {
    code: error instanceof TiroError ? error.code : null,
    message: messageOf(error),
    stack: error instanceof Error ? (error.stack ?? null) : null,
  };
}

export function fromPlainError(plain: PlainError): Error {
  if (plain.code !== null) return new TiroError(plain.code, plain.message);
  const error = new Error(plain.message);
  if (plain.stack !== null) error.stack = plain.stack;
  return error;
}
