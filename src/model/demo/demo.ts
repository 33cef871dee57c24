import type { ModelMessage, ModelReply, ModelRequest } from '#core/ports/model.ts';
import type { ToolCall } from '#core/step.ts';
import { byteLength } from '../catalogue/tokens.ts';
import { wishOf } from './phrases.ts';

const isDemo = '_This is the demo, not an AI: no language model is configured._';
const howToConfigure =
  'For real answers, set `OPENAI_API_KEY` (or `OPENAI_BASE_URL` for a local model) and start again, or run `tiro init`.';

/** How much of what was said, or of a tool's result, is repeated. */
const echoChars = 400;
const pieces = 4;

/**
 * The offline stand-in: equal requests, equal replies; free; no network. Every text says that it is no AI. It calls a
 * tool when a phrase asks for it, and reports what the tool said.
 */
export function demoReply(request: ModelRequest, model: string, onDelta: (text: string) => void): ModelReply {
  const { text, toolCalls } = answer(request);
  for (const piece of inPieces(text)) onDelta(piece);
  const written = text + toolCalls.map((call) => call.name + call.arguments).join('');
  return {
    text,
    toolCalls,
    finish: toolCalls.length > 0 ? 'tool-calls' : 'stop',
    model,
    usage: {
      promptTokens: Math.ceil(byteLength(JSON.stringify([request.tools, request.messages])) / 4),
      cachedTokens: 0,
      completionTokens: Math.ceil(byteLength(written) / 4),
    },
    costUsd: 0,
  };
}

interface DemoAnswer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
}

function answer({ messages, tools }: ModelRequest): DemoAnswer {
  const results = freshResults(messages);
  if (results.length > 0) return say(reportOf(results));
  const { said, notices } = readUser(messages.findLast((message) => message.role === 'user')?.content ?? '');
  if (notices !== '') return say(shortened(notices));
  const wish = wishOf(said.at(-1) ?? '', tools);
  if (wish.kind === 'call') {
    const call = { id: `demo_${messages.length}`, name: wish.tool, arguments: wish.arguments };
    return { text: '', toolCalls: [call] };
  }
  const offered = tools.map((tool) => `\`${tool.name}\``).join(', ') || 'none';
  if (wish.kind === 'missing') {
    return say(`You asked for the tool \`${wish.tool}\`, which is not offered here. Offered: ${offered}.`);
  }
  return say(`You said: ${shortened(said.join(' / '))}`, hintOf(tools.length > 0, offered));
}

interface UserText {
  /** One entry per message, the newest last. */
  readonly said: readonly string[];
  /** What the gateway itself told the model: decisions and the results of approved calls. */
  readonly notices: string;
}

/** Takes the gateway's own marks off: `(sent …)` behind each message, `[…]` around what nobody said. */
function readUser(content: string): UserText {
  const parts = content.split(/\n\n\(sent [^\n]*\)(?:\n\n|$)/);
  const last = parts.at(-1) ?? '';
  const notices = /^\[[^\n]*(approved|denied|expired)/i.test(last) ? last : '';
  const said = (notices === '' ? parts : parts.slice(0, -1)).map((part) => part.trim());
  return { said: said.filter((part) => part !== ''), notices };
}

interface Result {
  readonly tool: string;
  readonly content: string;
}

/** Results of the last calls, while nobody has said anything since. */
function freshResults(messages: readonly ModelMessage[]): readonly Result[] {
  const asked = messages.findLastIndex((message) => message.role === 'assistant');
  const since = messages.slice(asked + 1);
  const call = messages[asked];
  if (call?.role !== 'assistant' || since.some((message) => message.role === 'user')) return [];
  return since.flatMap((message) => {
    if (message.role !== 'tool') return [];
    const tool = call.toolCalls.find(({ id }) => id === message.callId)?.name ?? 'tool';
    return [{ tool, content: message.content }];
  });
}

function reportOf(results: readonly Result[]): string {
  return results.map(({ tool, content }) => `The tool \`${tool}\` says: ${shortened(content)}`).join('\n\n');
}

function hintOf(hasTools: boolean, offered: string): string {
  const tryThis = hasTools ? `Try “what time is it”, or “call NAME {json}” with one of: ${offered}. ` : '';
  return tryThis + howToConfigure;
}

function say(...paragraphs: readonly string[]): DemoAnswer {
  return { text: [isDemo, ...paragraphs].join('\n\n'), toolCalls: [] };
}

function shortened(text: string): string {
  const clean = text.trim();
  return clean.length <= echoChars ? clean || '(nothing)' : `${clean.slice(0, echoChars).toWellFormed()}…`;
}

function inPieces(text: string): readonly string[] {
  const size = Math.max(1, Math.ceil(text.length / pieces));
  const words = text.match(new RegExp(`[\\s\\S]{1,${size}}(?=\\s|$)|[\\s\\S]{1,${size}}`, 'gu')) ?? [];
  return words;
}
