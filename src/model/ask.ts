import type { ModelError, ModelReply, ModelRequest } from '#core/ports/model.ts';
import type { Usage } from '#core/step.ts';
import type { Target } from './catalogue/names.ts';
import { costUsd } from './catalogue/prices.ts';
import { type PromptSize, type TokenMeter, byteLength } from './catalogue/tokens.ts';
import { demoReply } from './demo/demo.ts';
import type { Exchange, Exchanged } from './wire/exchange.ts';

export type Answer =
  | { readonly ok: true; readonly reply: ModelReply }
  | { readonly ok: false; readonly error: ModelError; readonly spoiled: boolean; readonly again: boolean };

/** Asks one model once: a server over the wire, or the demo. */
export type Ask = (
  request: ModelRequest,
  target: Target,
  io: { readonly onDelta: (text: string) => void; readonly signal: AbortSignal },
) => Promise<Answer>;

export function createAsk(exchange: Exchange, meter: TokenMeter, sizeOf: PromptSize): Ask {
  return async (request, target, io) => {
    const endpoint = target.endpoint;
    if (endpoint === null) return { ok: true, reply: demoReply(request, target.label, io.onDelta) };
    const exchanged = await exchange({ target, endpoint, request, ...io });
    if (exchanged.kind === 'failed') return { ok: false, ...exchanged };
    return { ok: true, reply: priced(exchanged, request, target) };
  };

  function priced(
    { reply }: Extract<Exchanged, { kind: 'reply' }>,
    request: ModelRequest,
    target: Target,
  ): ModelReply {
    const bytes = sizeOf(request, target);
    if (reply.usage !== null) meter.learn(target.label, bytes, reply.usage.promptTokens);
    const written = reply.text + reply.toolCalls.map((call) => call.name + call.arguments).join('');
    const usage: Usage = reply.usage ?? {
      promptTokens: meter.tokens(target.label, bytes),
      cachedTokens: 0,
      completionTokens: Math.ceil(byteLength(written) / 4),
    };
    return {
      text: reply.text,
      toolCalls: reply.toolCalls,
      finish: reply.finish,
      model: target.label,
      usage: reply.usage,
      costUsd: target.price === null ? null : costUsd(target.price, usage),
    };
  }
}
