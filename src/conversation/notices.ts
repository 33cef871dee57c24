import type { ChatKey } from '#core/address.ts';
import type { ConversationId } from '#core/ids.ts';
import type { LogPort } from '#core/ports/clock.ts';
import type { ComposePort } from '#core/ports/compose.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import type { Turn } from '#core/turn.ts';
import { type CutOffDeps, markCutOff } from './cut-off.ts';
import type { Notices } from './deps.ts';

export interface NoticeDeps extends CutOffDeps {
  readonly conversations: Pick<ConversationsPort, 'say' | 'get'>;
  readonly log: LogPort;
}

export interface NoticePort extends Notices {
  /** The model does not answer and is tried again; once per turn. */
  waiting(turn: Turn, reason: string): void;
  /** Nobody can hear voice notes; once per chat and day. */
  unheard(turn: Turn): void;
}

const dayMs = 24 * 3_600_000;
const unheardText =
  'I cannot hear voice notes until `model.transcription` is set in config.yaml. Please write instead.';

/** Tiro's own words: a step for pages, deliveries for chats, both under a key so that they are said once. */
export function createNotices(deps: NoticeDeps): NoticePort {
  const failed = (turn: Turn, error: unknown): void =>
    deps.log.warn('turn.notice-failed', { turn: turn.id, error });
  return {
    queued: ({ conversation, runningTurn, count }) => {
      const text = `Queued: ${count === 1 ? 'your message comes' : `${count} messages come`} after the answer I am working on. /stop ends it.`;
      return say(deps, { key: `queued:${runningTurn}`, conversation, text });
    },
    waitsForPlace: ({ conversation, head, dueAt }) => {
      const seconds = Math.max(1, Math.ceil((dueAt - deps.clock.now()) / 1_000));
      const text =
        dueAt > 0
          ? `Queued: you write faster than I may answer you; I go on in ${seconds} s. Nothing is lost.`
          : 'Queued: I am busy with others; your message comes as soon as there is a place.';
      return say(deps, { key: `queued-place:${head}`, conversation, text });
    },
    stale: (question) => {
      const hours = Math.round((deps.clock.now() - question.oldestAt) / 3_600_000);
      const what = question.count === 1 ? 'A message of yours' : `${question.count} messages of yours`;
      const text = `I was away. ${what} from ${hours} hours ago ${question.count === 1 ? 'is' : 'are'} unanswered. Does it still matter? Reply **yes** or **no**.`;
      return say(deps, {
        key: `stale:${question.chat}:${question.newestSeq}`,
        conversation: question.conversation,
        text,
      });
    },
    waiting: (turn, reason) => {
      const text = `The model does not answer (${reason}) I keep trying for a quarter of an hour.`;
      const notice = { key: `waiting:${turn.id}`, conversation: turn.conversation, text };
      say(deps, notice).catch((error: unknown) => failed(turn, error));
    },
    unheard: (turn) => void sayUnheard(deps, turn).catch((error: unknown) => failed(turn, error)),
    cancelled: (turn) => {
      markCutOff(deps, turn).catch((error: unknown) => failed(turn, error));
    },
    dead: (turn) => {
      const text =
        'I could not get through your message: I tried several times and each time something broke on my side. ' +
        `It is kept. The owner sees why with \`tiro turns why ${turn.id}\` and can send it through again.`;
      return {
        steps: [{ kind: 'notice', text }],
        deliveries: deliveries(deps, `dead:${turn.id}`, { chat: turn.chat, text }),
      };
    },
  };
}

async function sayUnheard(deps: NoticeDeps, { chat, conversation }: Turn): Promise<void> {
  const day = Math.floor(deps.clock.now() / dayMs);
  await say(deps, { key: `unheard:${chat}:${day}`, conversation, text: unheardText });
}

async function say(
  deps: NoticeDeps,
  notice: { readonly key: string; readonly conversation: ConversationId; readonly text: string },
): Promise<void> {
  const conversation = await deps.conversations.get(notice.conversation);
  if (conversation === null) return;
  const { chat, person } = conversation;
  await deps.conversations.say({
    key: notice.key,
    chat,
    conversation: conversation.id,
    newConversation: deps.ids.conversation(),
    person,
    body: { kind: 'notice', text: notice.text },
    deliveries: deliveries(deps, notice.key, { chat, text: notice.text }),
    at: deps.clock.now(),
  });
}

function deliveries(
  deps: NoticeDeps,
  key: string,
  what: { readonly chat: ChatKey; readonly text: string },
): ReturnType<ComposePort['say']> {
  return deps.compose.say({
    chat: what.chat,
    markdown: what.text,
    key,
    replyTo: null,
    buttons: [],
    editOf: null,
  });
}
