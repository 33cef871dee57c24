import { addressToKey } from '#core/address.ts';
import type { EventId } from '#core/ids.ts';
import type { Submission, Submitted } from '#core/ports/door.ts';
import type { Step, StepBody } from '#core/step.ts';
import { keyConflict, storedOrThrow } from '../api/messages.ts';
import { type WebDeps, isConversationId } from '../deps.ts';

type SubmitDeps = Pick<WebDeps, 'door' | 'conversations' | 'steps'>;
type Stored = Extract<Submitted, { ok: true }>;

/**
 * Stores the request's message. `named` is X-Tiro-Conversation: a name, or the id of a conversation that there is, of
 * whatever channel. Throws `conflict` when the key was used for another request.
 */
export async function submitCompletion(
  deps: SubmitDeps,
  request: Submission,
  named: string | undefined,
): Promise<Stored> {
  const conversation = named !== undefined && isConversationId(named) ? named : null;
  const submission = { ...request, conversation };
  const stored = storedOrThrow(await deps.door.submit(submission));
  if (stored.duplicate && !(await isSameRequest(deps, submission, stored))) throw keyConflict();
  return stored;
}

/** The door compares the text; the place and the history that came along are compared here. */
async function isSameRequest(deps: SubmitDeps, submission: Submission, stored: Stored): Promise<boolean> {
  if (submission.conversation !== null) return submission.conversation === stored.conversation;
  if (submission.isolated) {
    const before = stepsBefore(await deps.steps.ofConversation(stored.conversation), stored.event);
    return before === null || sameWords(before, submission.history);
  }
  const conversation = await deps.conversations.get(stored.conversation);
  const { channel, chat } = submission;
  return conversation?.chat === addressToKey({ channel, chat, thread: null });
}

/** Null while the message has not become part of its conversation. */
function stepsBefore(steps: readonly Step[], event: EventId): readonly StepBody[] | null {
  const at = steps.findIndex(({ body }) => body.kind === 'input' && body.event === event);
  return at === -1 ? null : steps.slice(0, at).map((step) => step.body);
}

function sameWords(a: readonly StepBody[], b: readonly StepBody[]): boolean {
  return JSON.stringify(wordsOf(a)) === JSON.stringify(wordsOf(b));
}

function wordsOf(bodies: readonly StepBody[]): readonly (readonly string[])[] {
  return bodies.flatMap((body) =>
    body.kind === 'input' || body.kind === 'reply' ? [[body.kind, body.text]] : [],
  );
}
