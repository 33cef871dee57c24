import type { ChatKey } from '#core/address.ts';
import type { ConversationId, IdsPort } from '#core/ids.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { ComposePort } from '#core/ports/compose.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import type { EventsPort } from '#core/store/events.ts';
import type { StepsPort } from '#core/store/turns.ts';

export interface StaleAnswerDeps {
  readonly events: Pick<EventsPort, 'hasStale'>;
  readonly conversations: Pick<ConversationsPort, 'openOf' | 'say'>;
  readonly steps: Pick<StepsPort, 'latest'>;
  readonly compose: ComposePort;
  readonly clock: ClockPort;
  readonly ids: IdsPort;
}

/**
 * Whether the text answers the question about old messages: true keeps them, false drops them, null is no answer.
 * Once its sender has gone on to something new, a yes belongs to that.
 */
export async function readStaleAnswer(
  deps: StaleAnswerDeps,
  said: { readonly chat: ChatKey; readonly text: string; readonly conversation: ConversationId | null },
): Promise<boolean | null> {
  const answer = yesOrNo(said.text);
  return answer !== null && (await isAsked(deps, said)) ? answer : null;
}

/** Said before the answer is stored: who repeats it after a crash is not told twice, and nobody is told nothing. */
export async function acknowledgeDecline(
  deps: StaleAnswerDeps,
  said: { readonly chat: ChatKey; readonly person: string; readonly key: string },
): Promise<void> {
  const text = 'Then I leave the old messages be.';
  const key = `declined:${said.key}`;
  await deps.conversations.say({
    key,
    chat: said.chat,
    conversation: null,
    newConversation: deps.ids.conversation(),
    person: said.person,
    body: { kind: 'notice', text },
    deliveries: deps.compose.say({
      chat: said.chat,
      markdown: text,
      key,
      replyTo: null,
      buttons: [],
      editOf: null,
    }),
    at: deps.clock.now(),
  });
}

/** A question that so much was said after is not what a yes belongs to. */
const farBackChars = 100_000;

async function isAsked(
  deps: StaleAnswerDeps,
  { chat, conversation }: { readonly chat: ChatKey; readonly conversation: ConversationId | null },
): Promise<boolean> {
  if (!(await deps.events.hasStale(chat))) return false;
  const open = await deps.conversations.openOf(chat);
  if (open === null || (conversation !== null && conversation !== open.id)) return false;
  const { steps } = await deps.steps.latest({ conversation: open.id, chars: farBackChars, turn: null });
  // The question is a word of ours outside a turn. What was said before it and is answered after it does not count.
  const last = steps.findLastIndex(({ turn, body }) => turn === null && body.kind === 'notice');
  const question = steps[last];
  if (question === undefined) return false;
  return steps.slice(last + 1).every(({ body }) => body.kind !== 'input' || body.at <= question.at);
}

function yesOrNo(text: string): boolean | null {
  const word = text.trim().toLowerCase().replace(/[.!]$/, '');
  if (word === 'yes' || word === 'y') return true;
  if (word === 'no' || word === 'n') return false;
  return null;
}
