import { type ChatBody, conversationOf } from './protocol.ts';

const charsPerToken = 4;
const blockTokens = 128;

export interface PromptCount {
  readonly promptTokens: number;
  /** The longest common prefix with the conversation's previous request, in whole blocks. */
  readonly cachedTokens: number;
}

/** A prompt cache as providers have it: tools first, then messages, compared with the last request of the conversation. `keep`: conversations. */
export function createPrefixCache(keep: number): { count(body: ChatBody): PromptCount } {
  const previous = new Map<string, string>();
  return {
    count: (body) => {
      const key = conversationOf(body);
      const text = JSON.stringify(body.tools ?? []) + JSON.stringify(body.messages);
      const shared = commonPrefix(previous.get(key) ?? '', text);
      previous.delete(key);
      previous.set(key, text);
      const [oldest] = previous.keys();
      if (previous.size > keep && oldest !== undefined) previous.delete(oldest);
      return {
        promptTokens: Math.ceil(text.length / charsPerToken),
        cachedTokens: Math.floor(shared / charsPerToken / blockTokens) * blockTokens,
      };
    },
  };
}

export function commonPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  for (let at = 0; at < most; at += 1) if (a.charCodeAt(at) !== b.charCodeAt(at)) return at;
  return most;
}
