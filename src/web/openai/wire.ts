import type { Usage } from '#core/step.ts';
import { type Problem } from '../http/problem.ts';

/** OpenAI's wire format: what goes out, byte for byte as its clients expect it. */

export type FinishReason = 'stop' | 'length' | 'content_filter';

export interface CompletionHead {
  readonly id: string;
  readonly model: string;
  /** Seconds. */
  readonly created: number;
}

export interface WireUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

function usageToWire(usage: Usage): WireUsage {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens },
  };
}

export function completionBody(
  head: CompletionHead,
  answer: { readonly text: string; readonly finish: FinishReason; readonly usage: Usage },
): unknown {
  return {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.text, refusal: null },
        logprobs: null,
        finish_reason: answer.finish,
      },
    ],
    usage: usageToWire(answer.usage),
  };
}

export function chunkBody(
  head: CompletionHead,
  delta: { readonly role?: 'assistant'; readonly content?: string },
  finish: FinishReason | null = null,
): Record<string, unknown> {
  return {
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  };
}

export function usageChunkBody(head: CompletionHead, usage: Usage): Record<string, unknown> {
  return { ...head, object: 'chat.completion.chunk', choices: [], usage: usageToWire(usage) };
}

export function modelBody(id: string, created: number): unknown {
  return { id, object: 'model', created, owned_by: 'tiro' };
}

/** OpenAI's shape of an error; its clients choose their exception by the status. */
export function openaiErrorBody(problem: Problem): {
  error: { message: string; type: string; param: string | null; code: string };
} {
  const { status, code, message } = problem;
  const type = status >= 500 ? 'server_error' : 'invalid_request_error';
  const param = code === 'bad-input' ? (/^([a-z_]+)[.:]/.exec(message)?.[1] ?? null) : null;
  return { error: { message, type, param, code: code === 'unauthorized' ? 'invalid_api_key' : code } };
}
