import { parseChatCommand } from '../command.ts';

/** What a message answers: somebody's words, or ours. */
export interface Quote {
  /** Whose words they are, such as `Ann`, or `you` for the bot. */
  readonly by: string;
  readonly words: string;
}

const longestQuote = 300;
const longestName = 64;

/**
 * The words with what they answer behind them, as `[in reply to Ann: "…"]`, so that a model knows what "this" is: on one
 * line, at most 300 characters, with nothing in it that could end the bracket. Commands and a bare yes or no are for us
 * and stay as they are.
 */
export function withQuote(text: string, quote: Quote | null): string {
  if (quote === null || isForUs(text)) return text;
  const words = onOneLine(quote.words, longestQuote);
  const by = onOneLine(quote.by, longestName) || 'somebody';
  return `${text}\n\n[in reply to ${by}${words === '' ? '' : `: "${words}"`}]`.trim();
}

/** Text of somebody's as a part of a bracket of ours: quotation marks and brackets are replaced, a rest becomes `…`. */
export function onOneLine(text: string, longest: number): string {
  const line = text.toWellFormed().replaceAll(/\s+/g, ' ').trim();
  const safe = line.replaceAll('"', "'").replaceAll('[', '(').replaceAll(']', ')');
  const [...characters] = safe.slice(0, 2 * longest + 2);
  return characters.length <= longest ? safe : `${characters.slice(0, longest - 1).join('')}…`;
}

function isForUs(text: string): boolean {
  return /^\s*\//.test(text) || parseChatCommand(text) !== null || /^\s*(?:y|yes|n|no)[.!]?\s*$/i.test(text);
}
