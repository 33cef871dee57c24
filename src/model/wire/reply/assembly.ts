import type { ModelReply } from '#core/ports/model.ts';
import type { ToolCall, Usage } from '#core/step.ts';
import { type CallSlots, createCallSlots } from './calls.ts';
import { type Chunk, type WireUsage, textOf } from './chunk.ts';

/** What a stream amounted to. `broken` says in words why it is no reply; such a call may have been billed. */
export type Assembled =
  | {
      readonly kind: 'reply';
      readonly text: string;
      readonly toolCalls: readonly ToolCall[];
      readonly finish: ModelReply['finish'];
      readonly usage: Usage | null;
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'broken'; readonly why: string };

/** `ended`: closed in an orderly way with `[DONE]`; `cut`: we stopped listening to an endless one. */
export type StreamEnd = 'ended' | 'closed' | 'cut';

export interface Assembly {
  /** Takes a chunk and returns the text it adds to the answer; thinking adds none. */
  add(chunk: Chunk): string;
  /** Everything that came so far, thinking and arguments included, in characters. */
  chars(): number;
  finish(end: StreamEnd): Assembled;
}

interface Parts {
  readonly slots: CallSlots;
  text: string;
  refused: boolean;
  chars: number;
  finishReason: string | null;
  usage: WireUsage | null;
}

/** `usedIds`: the call ids of the conversation so far. */
export function createAssembly(usedIds: readonly string[]): Assembly {
  const parts: Parts = {
    slots: createCallSlots(usedIds),
    text: '',
    refused: false,
    chars: 0,
    finishReason: null,
    usage: null,
  };
  return {
    add: (chunk) => addChunk(parts, chunk),
    chars: () => parts.chars,
    finish: (end) => finishParts(parts, end),
  };
}

function addChunk(parts: Parts, chunk: Chunk): string {
  parts.usage = chunk.usage ?? parts.usage;
  const choice = chunk.choices?.[0];
  parts.finishReason = choice?.finish_reason ?? parts.finishReason;
  const delta = choice?.delta ?? {};
  for (const call of delta.tool_calls ?? []) parts.chars += parts.slots.add(call);
  const thought = delta.reasoning ?? delta.reasoning_content ?? '';
  const refusal = delta.refusal ?? '';
  const shown = textOf(delta.content) + refusal;
  parts.refused ||= refusal !== '';
  parts.text += shown;
  parts.chars += shown.length + thought.length;
  return shown;
}

function finishParts(parts: Parts, end: StreamEnd): Assembled {
  const { slots, text } = parts;
  const reason = end === 'cut' ? 'length' : parts.finishReason;
  if (reason === null && end === 'closed') return broken('it stopped in the middle');
  if (reason === 'error') return broken('the provider broke it off');
  if (reason === 'content_filter' && text === '') return { kind: 'refused' };
  if (slots.nameless() > 0 && reason !== 'length') return broken('a tool call came without a name');
  const toolCalls = slots.calls();
  if (text === '' && toolCalls.length === 0) return broken('it was empty');
  const finish = finishOf(reason, { refused: parts.refused, calls: toolCalls.length });
  return { kind: 'reply', text, toolCalls, finish, usage: usageOf(parts.usage) };
}

function finishOf(
  reason: string | null,
  came: { readonly refused: boolean; readonly calls: number },
): ModelReply['finish'] {
  if (reason === 'length' || reason === 'max_tokens') return 'length';
  if (reason === 'content_filter' || came.refused) return 'refused';
  return came.calls > 0 ? 'tool-calls' : 'stop';
}

function broken(why: string): Assembled {
  return { kind: 'broken', why };
}

/** `total - prompt` counts hidden thinking that some providers leave out of the completion. */
function usageOf(usage: WireUsage | null): Usage | null {
  if (usage === null || typeof usage.prompt_tokens !== 'number') return null;
  const promptTokens = usage.prompt_tokens;
  const completion = usage.completion_tokens ?? 0;
  return {
    promptTokens,
    cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
    completionTokens: Math.max(completion, (usage.total_tokens ?? 0) - promptTokens, 0),
  };
}
