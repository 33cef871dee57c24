import type { IdsPort } from '#core/ids.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { ComposePort } from '#core/ports/compose.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import type { Turn } from '#core/turn.ts';

export interface CutOffDeps {
  readonly outbox: Pick<OutboxPort, 'ofTurn'>;
  readonly conversations: Pick<ConversationsPort, 'say'>;
  readonly compose: ComposePort;
  readonly ids: IdsPort;
  readonly clock: ClockPort;
}

/**
 * The preview of a cancelled turn is no answer in the making any more: an edit leaves the words that were shown and says
 * that they stop here. Nothing is done where nothing was shown. Repeating it is harmless.
 */
export async function markCutOff(deps: CutOffDeps, turn: Turn): Promise<void> {
  const shown = (await deps.outbox.ofTurn(turn.id)).filter((row) => row.preview);
  const first = shown.find(
    ({ body, status }) => body.kind === 'message' && (status === 'sent' || status === 'sending'),
  );
  if (first === undefined) return;
  const last =
    shown.findLast(({ body }) => body.kind === 'message' || body.kind === 'edit')?.body ?? first.body;
  const words = last.kind === 'message' || last.kind === 'edit' ? last.markdown.replace(/ …$/, '') : '';
  const key = `cut-off:${turn.id}`;
  await deps.conversations.say({
    key,
    chat: turn.chat,
    conversation: turn.conversation,
    newConversation: deps.ids.conversation(),
    person: turn.person,
    body: { kind: 'notice', text: 'The answer was cut off.' },
    deliveries: deps.compose.say({
      chat: turn.chat,
      markdown: `${words} …\n\n*(cut off)*`,
      key,
      replyTo: null,
      buttons: [],
      editOf: first.id,
    }),
    at: deps.clock.now(),
  });
}
