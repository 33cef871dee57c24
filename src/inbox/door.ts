import { type ChatKey, addressToKey } from '#core/address.ts';
import { parseChatCommand } from '#core/command.ts';
import type { ConversationId } from '#core/ids.ts';
import type { Person } from '#core/person.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { DoorPort, Submission } from '#core/ports/door.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import type { AcceptEntry, EventsPort, Route } from '#core/store/events.ts';
import { type StaleAnswerDeps, acknowledgeDecline, readStaleAnswer } from './stale-answer.ts';

export interface DoorDeps extends StaleAnswerDeps {
  readonly events: Pick<EventsPort, 'accept' | 'hasStale'>;
  readonly conversations: Pick<ConversationsPort, 'get' | 'openOf' | 'say'>;
  readonly directory: DirectoryPort;
}

/** The door for page, terminal and API: who comes here has shown the owner's token. */
export function createDoor(deps: DoorDeps): DoorPort {
  return {
    async submit(submission) {
      if (
        submission.conversation !== null &&
        (await deps.conversations.get(submission.conversation)) === null
      ) {
        return { ok: false, reason: 'unknown-conversation' };
      }
      const [accepted] = await deps.events.accept({
        channel: submission.channel,
        entries: [await toEntry(submission, deps)],
        cursor: null,
        at: deps.clock.now(),
      });
      if (accepted === undefined || accepted.conversation === null)
        throw new Error('The store accepted nothing.');
      if (accepted.differs) return { ok: false, reason: 'conflict' };
      const { id, conversation, duplicate } = accepted;
      return { ok: true, event: id, conversation, duplicate };
    },
  };
}

async function toEntry(submission: Submission, deps: DoorDeps): Promise<AcceptEntry> {
  const id = deps.ids.event();
  const newConversation = deps.ids.conversation();
  const person = personOf(submission, deps.directory);
  const { channel, user, key, text } = submission;
  const chat = { channel, chat: submission.isolated ? newConversation : submission.chat, thread: null };
  const platformId = key === null ? id : `key:${key}`;
  const said = { chat: addressToKey(chat), person: person.handle, key: `${channel}:${platformId}` };
  return {
    id,
    newConversation,
    route:
      (await staleRoute(submission, said, deps)) ?? talkRoute(submission, person.handle, newConversation),
    event: {
      platformId,
      kind: 'message',
      chat,
      direct: true,
      sender: { id: user ?? person.handle, name: user ?? person.handle },
      addressed: true,
      text,
      files: [],
      messageId: null,
      replyTo: null,
      sentAt: deps.clock.now(),
      raw: '',
    },
  };
}

function personOf(submission: Submission, directory: DirectoryPort): Person {
  if (submission.user === null) return directory.owner();
  return directory.resolve(`api:${submission.user}`) ?? directory.owner();
}

/** A yes or no to the question about old messages; the page is asked it like any other chat. */
async function staleRoute(
  submission: Submission,
  said: { readonly chat: ChatKey; readonly person: string; readonly key: string },
  deps: DoorDeps,
): Promise<Route | null> {
  const { text, conversation } = submission;
  const keep = await readStaleAnswer(deps, { chat: said.chat, text, conversation });
  if (keep === null) return null;
  if (!keep) await acknowledgeDecline(deps, said);
  return { lane: 'stale-answer', keep, person: said.person, role: 'owner' };
}

function talkRoute(submission: Submission, person: string, newConversation: ConversationId): Route {
  const command = parseChatCommand(submission.text);
  return {
    lane: command === null ? 'turn' : 'command',
    person,
    // The token is the owner's, whoever is named.
    role: 'owner',
    conversation: submission.isolated ? newConversation : submission.conversation,
    startsConversation: command?.name === 'new',
    coalesce: submission.channel === 'web',
    history: submission.history,
  };
}
