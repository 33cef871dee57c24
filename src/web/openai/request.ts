import { z } from 'zod';
import { TiroError } from '#core/errors.ts';
import type { StepBody } from '#core/step.ts';
import type { Submission } from '#core/ports/door.ts';
import { sha256Hex } from '#lib/hash.ts';
import { parseWith } from '../http/body.ts';

const partSchema = z.object({ type: z.string(), text: z.string().optional() });

const messageSchema = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(partSchema)]).nullish(),
});

/** What of OpenAI's request is used. Everything else (temperature, tools, …) is ignored. */
const requestSchema = z.object({
  model: z.string().nullish(),
  messages: z.array(messageSchema).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.literal(1, { error: 'only 1 answer can be asked for' }).nullish(),
  user: z.string().max(256).nullish(),
});

type ChatMessage = z.infer<typeof messageSchema>;

export interface CompletionRequest {
  /** The name the caller asked for, given back as it is. */
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly submission: Submission;
}

/** Who and what is named outside the body. */
export interface CompletionCaller {
  /** X-Tiro-Conversation. */
  readonly conversation: string | null;
  readonly key: string | null;
  readonly now: number;
}

/** The request as a message for the door. Throws `bad-input` naming the field. */
export function parseCompletion(value: unknown, caller: CompletionCaller): CompletionRequest {
  const body = parseWith(requestSchema, value);
  const user = body.user === undefined || body.user === '' ? null : body.user;
  const isNamed = user !== null || caller.conversation !== null;
  const { before, text } = splitAtLastAnswer(body.messages);
  return {
    model: body.model ?? 'tiro',
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    submission: {
      channel: 'api',
      chat: chatName(user, caller.conversation),
      user,
      conversation: null,
      isolated: !isNamed,
      text,
      key: caller.key,
      history: isNamed ? [] : toHistory(before, { person: user ?? 'owner', at: caller.now }),
    },
  };
}

/**
 * No two callers share a chat: `USER` and `USER/NAME` are a user's, `owner/NAME` is the owner's, and `owner` alone is
 * what the owner says over POST /api/messages. The names are percent-encoded, so their own slashes do not matter.
 */
export function chatName(user: string | null, conversation: string | null): string {
  const who = user === null ? 'owner' : encodeName(user);
  return conversation === null ? who : `${who}/${encodeName(conversation)}`;
}

function encodeName(name: string): string {
  const encoded = encodeURIComponent(name.toWellFormed());
  if (encoded === 'owner') return '%6Fwner';
  return encoded.length <= 100 ? encoded : sha256Hex(name);
}

/** New is what the user said after the last assistant message; several messages are one text. */
function splitAtLastAnswer(messages: readonly ChatMessage[]): {
  readonly before: readonly ChatMessage[];
  readonly text: string;
} {
  const cut = messages.findLastIndex((message) => message.role === 'assistant') + 1;
  const fresh = messages.slice(cut);
  const text = fresh
    .filter((message) => message.role === 'user')
    .map((message) => textOf(message))
    .join('\n\n');
  if (text.trim() === '') {
    throw new TiroError('bad-input', 'messages: the user says nothing after the last assistant message.');
  }
  // Instructions of the program stand wherever it put them; only the user's words are new.
  const instructions = fresh.filter((message) => message.role === 'system' || message.role === 'developer');
  return { before: [...messages.slice(0, cut), ...instructions], text };
}

function toHistory(
  messages: readonly ChatMessage[],
  said: { readonly person: string; readonly at: number },
): StepBody[] {
  return messages.flatMap((message): StepBody[] => {
    const text = textOf(message);
    if (text === '') return [];
    switch (message.role) {
      case 'assistant':
        return [{ kind: 'reply', text, toolCalls: [], model: '', usage: null, finish: 'stop' }];
      case 'user':
        return [{ kind: 'input', event: '', name: said.person, text, files: [], ...said }];
      case 'system':
      case 'developer':
        return [{ kind: 'input', event: '', name: 'instructions', text, files: [], ...said }];
      case 'tool':
      case 'function':
        return []; // the caller's own tools: what they said is in the assistant's words
    }
  });
}

function textOf(message: ChatMessage): string {
  if (typeof message.content === 'string') return message.content;
  return (message.content ?? [])
    .map((part) => {
      if (part.type === 'text' && part.text !== undefined) return part.text;
      throw new TiroError('bad-input', `messages: parts of type ${part.type} cannot be read yet; send text.`);
    })
    .join('\n');
}
