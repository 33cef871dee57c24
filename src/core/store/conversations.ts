import type { ChatKey } from '../address.ts';
import type { NewDelivery } from '../delivery.ts';
import type { ConversationId } from '../ids.ts';
import type { StepBody } from '../step.ts';
import type { Conversation, QueueMode } from '../turn.ts';

export interface ConversationsPort {
  get(id: ConversationId): Promise<Conversation | null>;
  openOf(chat: ChatKey): Promise<Conversation | null>;
  list(filter: { readonly person: string | null; readonly limit: number }): Promise<readonly Conversation[]>;
  setModel(input: { readonly conversation: ConversationId; readonly model: string | null }): Promise<void>;
  setQueueMode(input: { readonly conversation: ConversationId; readonly mode: QueueMode }): Promise<void>;
  /** The direct chats a person was seen in, latest first. */
  chatsOf(person: string): Promise<readonly { readonly chat: ChatKey; readonly lastAt: number }[]>;
  /** A notice or a `said` step outside a turn, with its deliveries. `key` makes it happen once. */
  say(input: {
    readonly key: string;
    readonly chat: ChatKey;
    readonly conversation: ConversationId | null;
    readonly newConversation: ConversationId;
    readonly person: string;
    readonly body: StepBody;
    readonly deliveries: readonly NewDelivery[];
    readonly at: number;
  }): Promise<{ readonly conversation: ConversationId; readonly fresh: boolean }>;
}
