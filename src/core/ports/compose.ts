import type { ChatKey } from '../address.ts';
import type { Abilities, Button, NewDelivery } from '../delivery.ts';
import type { DeliveryId } from '../ids.ts';
import type { Turn } from '../turn.ts';

/** What is to be said in a chat. `key` names it: the same key is never queued twice. */
export interface Saying {
  readonly chat: ChatKey;
  readonly markdown: string;
  readonly key: string;
  /** The platform's id of the message that is answered, or null. */
  readonly replyTo: string | null;
  /** Shown under the last chunk, where the platform has buttons. */
  readonly buttons: readonly Button[];
  /** A preview whose text the first chunk replaces, or null. */
  readonly editOf: DeliveryId | null;
  /** The answer is still written: it is said in a dialect that its later edits can be said in. */
  readonly running?: boolean;
}

/** Turns words into outbox rows: one per platform call, rendered in the channel's first dialect and cut to its limit. */
export interface ComposePort {
  /** None for a pulled chat: there the step itself is what readers fetch. */
  say(saying: Saying): readonly NewDelivery[];
  /** Of the channel on which the chat is heard. */
  abilitiesOf(chat: ChatKey): Abilities | null;
  /** Where what is said in the chat is heard: itself, but for chats whose answers go elsewhere. */
  destinationOf(chat: ChatKey): ChatKey;
}

/** Whether somebody reads along in the chat itself: not where a program talks, and not where its answers go elsewhere. */
export function isReadThere(
  compose: Pick<ComposePort, 'abilitiesOf' | 'destinationOf'>,
  chat: ChatKey,
): boolean {
  return compose.destinationOf(chat) === chat && compose.abilitiesOf(chat)?.unattended !== true;
}

/** The text of a running turn, shown while the model writes it. */
export interface PreviewPort {
  /**
   * The text so far. Never blocks; at most one draft or row per edit interval of the channel. `seal` lets no message join
   * and commits that; false: messages joined, so that this answer must not be seen.
   */
  show(turn: Turn, text: string, seal: () => Promise<boolean>): void;
  /** Stops showing, waits for a write in progress (half a second for a draft) and returns the preview the final text must replace, or null. */
  finish(turn: Turn): Promise<DeliveryId | null>;
}

/** Tells a chat that its message is being worked on. Returns the function that ends it. */
export interface FeedbackPort {
  start(chat: ChatKey): () => void;
}
