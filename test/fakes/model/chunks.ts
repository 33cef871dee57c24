import type { FakeReply, FakeRequest, FakeToolCall } from './protocol.ts';

const piecesPerText = 3;
const stamp = 1_700_000_000;

/** The chunks of a streamed reply, usage last and only when asked for. */
export function chunksOf(request: FakeRequest, reply: FakeReply): readonly unknown[] {
  if (reply.chunks !== undefined) return reply.chunks;
  const chunk = (delta: unknown, finish: string | null = null): unknown => ({
    ...headOf(request, 'chat.completion.chunk'),
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const calls = reply.toolCalls ?? [];
  return [
    chunk({ role: 'assistant', content: '' }),
    ...(reply.thinking === undefined ? [] : [chunk({ reasoning_content: reply.thinking })]),
    ...inPieces(reply.text ?? '', reply.pieces).map((content) => chunk({ content })),
    ...calls.flatMap((call, index) => callDeltas(call, index).map((tool) => chunk({ tool_calls: [tool] }))),
    chunk({}, finishOf(reply)),
    ...usageChunk(request, reply),
  ];
}

/** The reply of a request that is not streamed. */
export function completionOf(request: FakeRequest, reply: FakeReply): unknown {
  const calls = (reply.toolCalls ?? []).map((call, index) => ({
    id: call.id ?? `call_${request.index}_${index}`,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  }));
  const message = {
    role: 'assistant',
    content: reply.text ?? null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  return {
    ...headOf(request, 'chat.completion'),
    choices: [{ index: 0, message, finish_reason: finishOf(reply) }],
    ...(reply.usage === null ? {} : { usage: usageOf(request, reply) }),
  };
}

export function inPieces(text: string, pieces: number = piecesPerText): readonly string[] {
  const size = Math.max(1, Math.ceil(text.length / pieces));
  return text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
}

function callDeltas(call: FakeToolCall, index: number): readonly unknown[] {
  const half = Math.ceil(call.arguments.length / 2);
  const id = call.id === null || call.id === undefined ? {} : { id: call.id };
  return [
    { index, ...id, type: 'function', function: { name: call.name, arguments: '' } },
    { index, function: { arguments: call.arguments.slice(0, half) } },
    { index, function: { arguments: call.arguments.slice(half) } },
  ];
}

function usageChunk(request: FakeRequest, reply: FakeReply): readonly unknown[] {
  const wanted = request.body.stream_options?.include_usage === true;
  if (!wanted || reply.usage === null) return [];
  return [{ ...headOf(request, 'chat.completion.chunk'), choices: [], usage: usageOf(request, reply) }];
}

function usageOf(request: FakeRequest, reply: FakeReply): Readonly<Record<string, unknown>> {
  if (reply.usage !== undefined && reply.usage !== null) return reply.usage;
  const calls = (reply.toolCalls ?? []).map((call) => call.name + call.arguments).join('');
  const completion = Math.ceil(((reply.text ?? '') + (reply.thinking ?? '') + calls).length / 4);
  return {
    prompt_tokens: request.promptTokens,
    completion_tokens: completion,
    total_tokens: request.promptTokens + completion,
    prompt_tokens_details: { cached_tokens: request.cachedTokens },
  };
}

function finishOf(reply: FakeReply): string {
  return reply.finish ?? ((reply.toolCalls ?? []).length > 0 ? 'tool_calls' : 'stop');
}

function headOf(request: FakeRequest, object: string): Readonly<Record<string, unknown>> {
  return { id: `chatcmpl-${request.index}`, object, created: stamp, model: request.body.model };
}
