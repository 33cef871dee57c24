import type { AcceptEntry, EventsPort } from '#core/store/events.ts';
import type { StatePort } from '#core/store/state.ts';
import { createClock } from '#lib/clock.ts';
import { createIds } from '#lib/ids.ts';

/** A verb of the store as a load: the input that a writer gives it next. Each writer is a person in a chat of their own. */
export interface Work {
  readonly name: 'accept' | 'set';
  /** The verb on the store; the same code runs it in the store's thread and in the reference. */
  run(verbs: Verbs, writer: number): unknown;
}

/** Both the store, whose verbs return promises, and its tables, whose verbs do not. */
export interface Verbs {
  readonly events: { accept(input: Parameters<EventsPort['accept']>[0]): unknown };
  readonly state: { set(input: Parameters<StatePort['set']>[0]): unknown };
}

const clock = createClock();
const ids = createIds(clock);

/** `events.accept` of one message each: what a webhook costs. */
export const accept: Work = {
  name: 'accept',
  run: (verbs, writer) =>
    verbs.events.accept({ channel: 'telegram', entries: [entryOf(writer)], cursor: null, at: clock.now() }),
};

/** `state.set`: the cheapest verb, a row of a few bytes. */
export const set: Work = {
  name: 'set',
  run: (verbs, writer) => verbs.state.set({ scope: 'bench', key: `writer-${writer}`, value: ids.event() }),
};

function entryOf(writer: number): AcceptEntry {
  const id = ids.event();
  const chat = String(1_000 + writer);
  return {
    id,
    newConversation: ids.conversation(),
    event: {
      platformId: `update:${id}`,
      kind: 'message',
      chat: { channel: 'telegram', chat, thread: null },
      direct: true,
      sender: { id: chat, name: 'Somebody' },
      addressed: true,
      text: 'Good morning, please tell me what is new since I asked you last time.',
      files: [],
      messageId: id,
      replyTo: null,
      sentAt: clock.now(),
      raw: '',
    },
    route: {
      lane: 'turn',
      person: `person-${writer}`,
      role: 'member',
      conversation: null,
      startsConversation: false,
      coalesce: true,
      history: [],
    },
  };
}
