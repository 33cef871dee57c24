import type { ConversationId, EventId } from '../ids.ts';
import type { StepBody } from '../step.ts';

/** A message that comes in through our own HTTP door instead of a platform: page, terminal or API. */
export interface Submission {
  readonly channel: 'web' | 'cli' | 'api';
  /** Names the chat within the channel: `owner` for page and terminal, the caller's `user` or conversation name for the API. */
  readonly chat: string;
  /** Null: the owner. Else the API's `user`: identity `api:<user>`, a person of its own unless config links it. */
  readonly user: string | null;
  /** A conversation to go on with; null is the chat's open one. */
  readonly conversation: ConversationId | null;
  /** A conversation of its own for this one message, closed for others (an unnamed API request). */
  readonly isolated: boolean;
  readonly text: string;
  /** Idempotency key; null makes a new event each time. */
  readonly key: string | null;
  /** What was said before, sent along by an unnamed API request: `input` and `reply` steps. */
  readonly history: readonly StepBody[];
}

export type Submitted =
  | {
      readonly ok: true;
      readonly event: EventId;
      readonly conversation: ConversationId;
      readonly duplicate: boolean;
    }
  /** The key was used before with another text. */
  | { readonly ok: false; readonly reason: 'conflict' }
  | { readonly ok: false; readonly reason: 'unknown-conversation' };

/** Contract: resolves after the message is a committed row; rejects when nothing was stored. */
export interface DoorPort {
  submit(submission: Submission): Promise<Submitted>;
}
