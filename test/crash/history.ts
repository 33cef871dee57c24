/**
 * What the outside saw of one campaign, in the order in which it was seen. Written by the fakes and the harness, never by
 * the product; the checker reads this and nothing else. Times are epoch ms of the harness's clock.
 *
 * A message is named by a token of its own (`m17`) that stands in its text. The fake model repeats the tokens of the
 * messages it answers, and ends a whole answer with a word that no piece of it has: so a shown text says what it answers.
 */
export type Sighting = Said | Acknowledged | Asked | Effect | Sent | Ended | Woken | Started;

/** Somebody said something. Each must be answered exactly once. */
export interface Said {
  readonly type: 'said';
  readonly at: number;
  /** The place, unique across channels: `telegram:7`. Within it the order of `said` is the order of answers. */
  readonly chat: string;
  readonly message: string;
  /** Its answer needs the counted tools. */
  readonly tools: boolean;
}

/** The platform was told that we have it: it will not be given again. */
export interface Acknowledged {
  readonly type: 'acknowledged';
  readonly at: number;
  readonly message: string;
}

/** A model call, as the model server received it. */
export interface Asked {
  readonly type: 'asked';
  readonly at: number;
  /** The messages that wait for an answer in it: those after the last answer of its history. */
  readonly messages: readonly string[];
  /** `results`: the tools have run, and the answer is wanted. */
  readonly stage: Stage;
}

/** `start`: the first call for these messages. `results`: the call that follows the results of its tools. */
export type Stage = 'start' | 'results';

/** A counted tool acted. */
export interface Effect {
  readonly type: 'effect';
  readonly at: number;
  readonly tool: string;
  readonly effect: 'pure' | 'keyed' | 'once';
  readonly message: string;
  /** What a receiver would recognise a repeat by. */
  readonly key: string;
}

/** The platform accepted a call that made or changed a message of ours. */
export interface Sent {
  readonly type: 'sent';
  readonly at: number;
  /** When its answer was written whole; null if it never was. 0 where readers fetch: there no send can be open. */
  readonly answeredAt: number | null;
  readonly kind: 'new' | 'edit';
  readonly chat: string;
  /** The platform's id of the message. */
  readonly place: string;
  /** The messages that its text answers, or begins to answer. None: words of Tiro's own. */
  readonly messages: readonly string[];
  /** The text is a whole answer, not the beginning of one. */
  readonly whole: boolean;
  /** It carries "(possibly repeated)". */
  readonly marked: boolean;
}

/** A gateway was killed or stopped. */
export interface Ended {
  readonly type: 'ended';
  readonly at: number;
  /** `kill`: at a random instant. `failpoint`: at a named one. `stop`: SIGSTOP; another takes over, it wakes later. */
  readonly how: 'kill' | 'failpoint' | 'stop';
  readonly point: string | null;
  /** Replies of the model that were committed just before this instant, by the failpoint's place. */
  readonly committed: readonly { readonly message: string; readonly stage: Stage }[];
}

/**
 * A gateway that was stopped at a random instant goes on. What it was writing to a socket just then arrives now: a call in
 * flight cannot be fenced. Not seen where it was stopped at a failpoint, outside of any call.
 */
export interface Woken {
  readonly type: 'woken';
  readonly at: number;
}

/** A gateway said that it is ready. */
export interface Started {
  readonly type: 'started';
  readonly at: number;
}

/** The fields of the bench `crash`; the first five are faults. */
export interface Verdict {
  readonly lost: number;
  /** Unmarked deliveries beyond the first one of a message. */
  readonly duplicated: number;
  readonly reordered: number;
  readonly effectsTwice: number;
  readonly modelCallsRepeatedAfterCommit: number;
  /** Marked deliveries of a message beyond the one that was meant. */
  readonly flagged: number;
  /** Sends that were accepted and unanswered, or answered less than 100 ms before, when a gateway ended. */
  readonly openSends: number;
  readonly kills: number;
  /** Repeated model calls that were in flight when their gateway was stopped: at most one for each that woke. */
  readonly inFlight: number;
  /** One line for each fault, naming the message, for whoever looks for the cause. */
  readonly problems: readonly string[];
}
