import type { OpenAI } from 'openai';
import type { ModelMessage, ModelRequest, ToolSpec } from '#core/ports/model.ts';
import type { Target } from '../catalogue/names.ts';
import { type Pictures, noPictures, userContent } from './pictures.ts';

type Message = OpenAI.Chat.Completions.ChatCompletionMessageParam;
type Tool = OpenAI.Chat.Completions.ChatCompletionTool;
export type Body = OpenAI.Chat.Completions.ChatCompletionCreateParamsStreaming;

/** How a server wants to be asked; learned from its refusals (see habits.ts). */
export interface Habits {
  readonly streamUsage: boolean;
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** Some models take tools over this protocol only when told not to think. */
  readonly noReasoning: boolean;
}

/** The request body. Equal requests give equal bytes, and a longer conversation begins with the bytes of the shorter. */
export function bodyOf(
  request: ModelRequest,
  target: Target,
  { habits, pictures }: { readonly habits: Habits; readonly pictures: Pictures },
): Body {
  const limit = Math.min(request.maxOutputTokens, target.maxOutput);
  return {
    model: target.model ?? '',
    ...promptOf(request, target, pictures),
    [habits.maxTokensField]: limit,
    stream: true,
    ...(habits.streamUsage ? { stream_options: { include_usage: true } } : {}),
    ...(habits.noReasoning ? { reasoning_effort: 'none' } : {}),
  };
}

/** The part of the body that is counted as the prompt. */
export function promptOf(
  request: ModelRequest,
  target: Target,
  pictures: Pictures = noPictures,
): { messages: Message[]; tools?: Tool[] } {
  const messages = request.messages.map((message) => messageOf(message, target, pictures));
  return request.tools.length === 0 ? { messages } : { messages, tools: request.tools.map(toolOf) };
}

function messageOf(message: ModelMessage, target: Target, pictures: Pictures): Message {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content };
    case 'user':
      return { role: 'user', content: userContent(message, pictures) };
    case 'tool':
      return { role: 'tool', tool_call_id: message.callId, content: message.content };
    case 'assistant':
      if (message.toolCalls.length === 0) return { role: 'assistant', content: message.content };
      return {
        role: 'assistant',
        content: message.content === '' ? null : message.content,
        tool_calls: message.toolCalls.map((call) => ({
          id: call.id,
          type: 'function',
          function: { name: call.name, arguments: call.arguments === '' ? '{}' : call.arguments },
          ...(target.preset?.name === 'gemini' ? unsigned : {}),
        })),
      };
  }
}

/**
 * Gemini 3 refuses a history whose calls lack the signature it sent with them; steps do not keep it. This is the value
 * its documentation gives for such histories (ai.google.dev/gemini-api/docs/thought-signatures).
 */
const unsigned = {
  extra_content: { google: { thought_signature: 'skip_thought_signature_validator' } },
} as const;

function toolOf(spec: ToolSpec): Tool {
  return {
    type: 'function',
    function: { name: spec.name, description: spec.description, parameters: { ...spec.parameters } },
  };
}
