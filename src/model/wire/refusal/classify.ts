import type { ModelError } from '#core/ports/model.ts';
import type { Facts } from './facts.ts';

/** Words by which servers say that the prompt does not fit; each is from a real one. */
const tooLong: readonly RegExp[] = [
  /context[_ ](length|window|limit|size)/i, // OpenAI, OpenRouter, Anthropic, vLLM, LM Studio, llama.cpp
  /(maximum|max) (model|prompt) length/i, // vLLM, xAI
  /(prompt|input|messages?)( is| are)? too (long|large)/i, // Anthropic, Bedrock, Perplexity
  /input token count .*exceeds/i, // Gemini
  /input tokens? exceed/i,
  /(prompt|request) .*too large for model/i, // Mistral, Groq
  /reduce (the length of the (messages|prompt)|your prompt|the number of tokens)/i, // Groq, sglang
  /keep the first \d+ tokens/i, // LM Studio
];

const noMoney = /insufficient[_ ](quota|credits?|balance|funds)|credit balance is too low/i;
const filtered =
  /content[_ ](filter|policy)|responsible ?ai|safety (filter|system)|content management policy|flagged/i;
const limited = /rate[_ -]?limit|too many requests/i;

/** `label` is `provider/model`; `clean` masks secrets. The reason is one sentence for people. */
export function classify(facts: Facts, label: string, clean: (text: string) => string): ModelError {
  const words = `${facts.code} ${facts.message}`;
  const detail = clean(firstSentence(facts.message));
  const error = (type: ModelError['type'], reason: string): ModelError => ({
    type,
    reason,
    retryAfterMs: facts.retryAfterMs,
  });
  const status = facts.status;
  if (isTooLong(status, words))
    return error('context-too-long', `The conversation is too long for ${label}.`);
  if (status === 402 || (status !== null && status < 500 && noMoney.test(words))) {
    return error('auth', `The account behind ${label} has no credit or quota left.`);
  }
  if ((status === 400 || status === 403 || status === 422) && filtered.test(words)) {
    return error('refused', `${label} refused to answer this.`);
  }
  if (status === 401 || status === 403) return error('auth', `${label} refused the key (${status}).`);
  if (status === 429 || (status === null && limited.test(words)))
    return error('rate-limited', `${label} is rate limited.`);
  if (status === null || status === 408 || status === 409 || status >= 500) {
    return error('transient', `${label} ${outageOf(facts)}.`);
  }
  if (status < 400) {
    return error(
      'bad-request',
      `${label} redirects to another address (${status}): set baseUrl to that one.`,
    );
  }
  if (status === 404) return error('bad-request', `${label} is not known to its provider${colon(detail)}`);
  return error('bad-request', `${label} refused the request (${status})${colon(detail)}`);
}

function isTooLong(status: number | null, words: string): boolean {
  if (status === 413) return true;
  // 500 is how older llama.cpp servers say it; 429 with such words is a limit by the minute.
  const mayMean = status === null || status === 400 || status === 422 || status === 500;
  return mayMean && tooLong.some((pattern) => pattern.test(words));
}

function outageOf({ status, network }: Facts): string {
  if (status === 408) return 'took too long to answer (408)';
  if (status !== null) return `has a problem of its own (${status})`;
  return network === '' ? 'gave no proper answer' : `cannot be reached (${network})`;
}

function colon(detail: string): string {
  return detail === '' ? '.' : `: ${detail}${/[.!?]$/.test(detail) ? '' : '.'}`;
}

/** On one line and short: the provider's words are shown to people who did not write them. */
function firstSentence(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const end = line.search(/[.!?](\s|$)/);
  return (end === -1 ? line : line.slice(0, end + 1)).slice(0, 200);
}
