import type { ChatKey } from '#core/address.ts';
import type { ControlDeps } from '../deps.ts';

export type OwnerWordsDeps = Pick<ControlDeps, 'store' | 'directory' | 'compose' | 'ids' | 'clock'>;

/** The owner's direct chats, the one where they were seen last first. */
export async function ownerChats({ store, directory }: OwnerWordsDeps): Promise<readonly ChatKey[]> {
  const chats = await store.conversations.chatsOf(directory.owner().handle);
  return chats.map(({ chat }) => chat);
}

/** Tiro's own words to the owner. The same `key` again says nothing more: a crash in between tells nothing twice. */
export async function tellOwner(
  { store, directory, compose, ids, clock }: OwnerWordsDeps,
  { key, chat, text }: { readonly key: string; readonly chat: ChatKey; readonly text: string },
): Promise<void> {
  await store.conversations.say({
    key,
    chat,
    conversation: null,
    newConversation: ids.conversation(),
    person: directory.owner().handle,
    body: { kind: 'notice', text },
    deliveries: compose.say({ chat, markdown: text, key, replyTo: null, buttons: [], editOf: null }),
    at: clock.now(),
  });
}
