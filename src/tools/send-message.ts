import { z } from 'zod';
import { type ChatKey, addressToKey, parseChatKey } from '#core/address.ts';
import type { IdsPort } from '#core/ids.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { type ComposePort, isReadThere } from '#core/ports/compose.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import { type Tool, type ToolContext, type ToolResult, defineTool } from '#core/tool.ts';

const input = z.object({
  to: z
    .string()
    .min(1)
    .max(600)
    .describe('a chat such as telegram:7, or only a channel such as telegram for the latest chat there'),
  text: z.string().min(1).max(20_000).describe('Markdown'),
});

/** Of the person's chats, so many of the latest are named when none matches. */
const shownChats = 10;

export interface SendMessageDeps {
  readonly conversations: Pick<ConversationsPort, 'chatsOf' | 'say'>;
  readonly compose: ComposePort;
  readonly ids: IdsPort;
  readonly clock: ClockPort;
}

/**
 * Says something in another chat of the same person. The effect key names both the step and its deliveries, so running it
 * again after a crash changes nothing.
 */
export function createSendMessageTool(deps: SendMessageDeps): Tool {
  return defineTool({
    name: 'send_message',
    description: 'Send a message to another chat of the person you talk with (not to anybody else).',
    input,
    effect: 'keyed',
    timeoutMs: 10_000,
    resultLimit: 1_000,
    roles: ['owner', 'member'],
    run: (message, context) => send(deps, message, context),
  });
}

async function send(
  deps: SendMessageDeps,
  message: z.infer<typeof input>,
  context: ToolContext,
): Promise<ToolResult> {
  const known = (await deps.conversations.chatsOf(context.person)).map((row) => row.chat);
  // A chat on a channel that is not configured any more would swallow what is sent there; so would a program's.
  const chats = known.filter(
    (chat) => deps.compose.abilitiesOf(chat) !== null && isReadThere(deps.compose, chat),
  );
  const chat = pickChat(message.to, chats);
  if (chat === null) {
    const latest = chats.slice(0, shownChats).join(', ');
    return {
      ok: false,
      content: `to: no chat of this person matches ${message.to}; known: ${latest || 'none'}`,
    };
  }
  const key = `send:${context.effectKey}`;
  await deps.conversations.say({
    key,
    chat,
    conversation: null,
    newConversation: deps.ids.conversation(),
    person: context.person,
    body: { kind: 'said', text: message.text },
    deliveries: deps.compose.say({
      chat,
      markdown: message.text,
      key,
      replyTo: null,
      buttons: [],
      editOf: null,
    }),
    at: deps.clock.now(),
  });
  return { ok: true, content: `Queued for ${chat}.` };
}

/** The chat itself, or the latest one of a channel. `chats` are the person's own direct chats, latest first. */
function pickChat(to: string, chats: readonly ChatKey[]): ChatKey | null {
  const address = parseChatKey(to);
  const wanted = address === null ? null : addressToKey(address);
  return chats.find((chat) => chat === wanted || parseChatKey(chat)?.channel === to) ?? null;
}
