import type { ChatKey } from '#core/address.ts';
import { isReadThere } from '#core/ports/compose.ts';
import type { ControlDeps } from '../deps.ts';

export type OwnerWordsDeps = Pick<ControlDeps, 'store' | 'directory' | 'compose' | 'ids' | 'clock'>;

/**
 * The owner's direct chats, the one where they were seen last first; of channels that are pushed to those where the owner is
 * still known: somebody whom config lists no longer must not read what is for the owner. Programs that may act as the owner
 * have chats too: what is for the owner is not said there.
 */
export async function ownerChats(deps: OwnerWordsDeps): Promise<readonly ChatKey[]> {
  const { store, directory, compose } = deps;
  const { handle } = directory.owner();
  const chats = (await store.conversations.chatsOf(handle)).map(({ chat }) => chat);
  const own = directory.known().filter((row) => row.handle === handle);
  const channels = new Set(own.map(({ identity }) => channelOf(identity)));
  const isTheirs = (chat: ChatKey): boolean => channels.has(channelOf(chat));
  return chats
    .filter((chat) => isReadThere(compose, chat))
    .filter((chat) => isTheirs(chat) || compose.abilitiesOf(chat)?.delivery === 'pull');
}

function channelOf(key: ChatKey): string {
  return key.slice(0, key.indexOf(':'));
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
