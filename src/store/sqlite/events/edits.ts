import { identityOf } from '#core/address.ts';
import type { InboundEvent } from '#core/event.ts';
import type { ConversationId, EventId } from '#core/ids.ts';
import type { Session } from '../session.ts';
import { type Arrival, type Talk, insertRow, openOf } from './arrival.ts';
import { type Unanswered, takeBack, unansweredOf } from './take-back.ts';

/**
 * An edit replaces what its sender wrote and is not answered yet; of what is answered it is kept and starts nothing. Null: it
 * is a new message, because a message of a group that was never meant for us names us now.
 */
export function storeEdit(
  session: Session,
  arrival: Arrival,
  route: Talk,
): { readonly conversation: ConversationId | null } | null {
  const { event } = arrival.entry;
  const message = unansweredOf(session, { ...arrival, messageId: event.messageId });
  if (message === null && namesUsFirst(session, arrival)) return null;
  const verdict = judge(session, arrival, message);
  if (message !== null && verdict.replaces) replace(session, arrival, message);
  const conversation = message?.conversation ?? openOf(session, arrival.chat);
  const { status, reason } = verdict;
  insertRow(session, arrival, { ...route, lane: 'none', conversation, coalesce: false, status, reason });
  return { conversation };
}

interface Judged {
  readonly replaces: boolean;
  readonly status: 'done' | 'refused';
  readonly reason: string;
}

function judge(session: Session, arrival: Arrival, message: Unanswered | null): Judged {
  const refused = { replaces: false, status: 'refused' } as const;
  if (message === null) return { ...refused, reason: 'edit of an answered message' };
  if (message.identity !== senderOf(arrival)) return { ...refused, reason: 'edit by somebody else' };
  if (isOutrun(session, arrival))
    return { replaces: false, status: 'done', reason: 'a later edit came before' };
  return { replaces: true, status: 'done', reason: `edit of ${message.id}` };
}

function isOutrun(session: Session, arrival: Arrival): boolean {
  const { sentAt } = arrival.entry.event;
  return editsOf(session, arrival).some((edit) => edit.sentAt > sentAt);
}

function replace(session: Session, arrival: Arrival, message: Unanswered): void {
  const { event } = arrival.entry;
  takeBack(session, message, { reason: 'the message was edited before it was answered', at: arrival.at });
  session.run(`UPDATE events SET text = @text, files = iif(@files = '[]', files, @files) WHERE id = @id`, {
    id: message.id,
    text: event.text,
    files: JSON.stringify(event.files),
  });
}

/** Only where a mention decides, and only of a message that we never had: an answered one is not answered again. */
function namesUsFirst(session: Session, { entry: { event }, chat }: Arrival): boolean {
  if (event.direct || !event.addressed || event.messageId === null) return false;
  const known = session.get(
    `SELECT 1 FROM events INDEXED BY events_in_groups
     WHERE chat = @chat AND message_id = @messageId AND message_id IS NOT NULL AND direct = 0 LIMIT 1`,
    { chat, messageId: event.messageId },
  );
  return known === null;
}

interface Edit {
  readonly id: EventId;
  readonly lane: 'turn' | 'none';
  readonly text: string;
  readonly files: string;
  readonly sentAt: number;
}

/** The one that is a message of its own, then the others, latest first. */
function editsOf(session: Session, arrival: Arrival): readonly Edit[] {
  return session.all<Edit>(
    `SELECT id, lane, text, files, sent_at AS sentAt FROM events INDEXED BY events_edits
     WHERE chat = @chat AND message_id = @messageId AND message_id IS NOT NULL AND kind = 'edit'
       AND identity = @identity AND channel = @channel
     ORDER BY lane = 'turn' DESC, sent_at DESC, seq DESC LIMIT 20`,
    {
      chat: arrival.chat,
      messageId: arrival.entry.event.messageId,
      identity: senderOf(arrival),
      channel: arrival.channel,
    },
  );
}

/** Asked for each message that comes in: nearly always there is none. */
function hasEdits(session: Session, { chat, entry }: Arrival): boolean {
  const known = session.get(
    `SELECT 1 FROM events INDEXED BY events_edits
     WHERE chat IN (@chat) AND message_id IN (@messageId) AND message_id IS NOT NULL AND kind = 'edit'`,
    { chat, messageId: entry.event.messageId },
  );
  return known !== null;
}

function senderOf({ channel, entry }: Arrival): string {
  return identityOf(channel, entry.event.sender.id);
}

/** What an edit that came before its message says. `answered`: it is a message of its own already. */
export function editBefore(
  session: Session,
  arrival: Arrival,
): { readonly answered: EventId } | { readonly text: string; readonly files: InboundEvent['files'] } | null {
  const { event } = arrival.entry;
  if (event.kind !== 'message' || event.messageId === null || !hasEdits(session, arrival)) return null;
  const edits = editsOf(session, arrival);
  const answered = edits.find(({ lane }) => lane === 'turn');
  if (answered !== undefined) return { answered: answered.id };
  const [edit] = edits;
  if (edit === undefined) return null;
  const files: InboundEvent['files'] = edit.files === '[]' ? event.files : JSON.parse(edit.files);
  return { text: edit.text, files };
}

/** A deleted message is withdrawn if it is not answered yet. Of any other nothing is stored. */
export function storeDeletion(session: Session, arrival: Arrival): ConversationId | null {
  const { event } = arrival.entry;
  const message = unansweredOf(session, { ...arrival, messageId: event.messageId });
  if (message === null) return null;
  const reason = 'the message was deleted before it was answered';
  takeBack(session, message, { reason, at: arrival.at });
  session.run(`UPDATE events SET status = 'withdrawn', reason = @reason WHERE id = @id`, {
    id: message.id,
    reason,
  });
  const { conversation } = message;
  if (conversation !== null) arrival.touched.add(conversation);
  insertRow(session, arrival, {
    lane: 'none',
    person: null,
    role: null,
    conversation,
    coalesce: false,
    status: 'done',
    reason: `deletion of ${message.id}`,
  });
  return conversation;
}
