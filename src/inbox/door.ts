import { mayUse, parseChatCommand } from '#core/command.ts';
import type { ConversationId } from '#core/ids.ts';
import type { IdsPort } from '#core/ids.ts';
import type { Person } from '#core/person.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { DoorPort, Submission } from '#core/ports/door.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import type { AcceptEntry, EventsPort, Route } from '#core/store/events.ts';

export interface DoorDeps {
  readonly events: Pick<EventsPort, 'accept'>;
  readonly conversations: Pick<ConversationsPort, 'get'>;
  readonly directory: DirectoryPort;
  readonly clock: ClockPort;
  readonly ids: IdsPort;
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
        entries: [toEntry(submission, deps)],
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

function toEntry(submission: Submission, deps: DoorDeps): AcceptEntry {
  const id = deps.ids.event();
  const newConversation = deps.ids.conversation();
  const person = personOf(submission, deps.directory);
  const { channel, user, key, text } = submission;
  const now = deps.clock.now();
  return {
    id,
    newConversation,
    route: routeOf(submission, person, newConversation),
    event: {
      platformId: key === null ? id : `key:${key}`,
      kind: 'message',
      chat: { channel, chat: submission.isolated ? newConversation : submission.chat, thread: null },
      direct: true,
      sender: { id: user ?? person.handle, name: user ?? person.handle },
      addressed: true,
      text,
      files: [],
      messageId: null,
      replyTo: null,
      sentAt: now,
      raw: '',
    },
  };
}

function personOf(submission: Submission, directory: DirectoryPort): Person {
  if (submission.user === null) return directory.owner();
  return directory.resolve(`api:${submission.user}`) ?? directory.owner();
}

function routeOf(submission: Submission, person: Person, newConversation: ConversationId): Route {
  const command = parseChatCommand(submission.text);
  const isCommand = command !== null && mayUse('owner', command.name);
  return {
    lane: isCommand ? 'command' : 'turn',
    person: person.handle,
    // The token is the owner's, whoever is named.
    role: 'owner',
    conversation: submission.isolated ? newConversation : submission.conversation,
    startsConversation: isCommand && command.name === 'new',
    coalesce: submission.channel === 'web',
    history: submission.history,
  };
}
