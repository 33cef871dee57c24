import type { ToolSpec } from '#core/ports/model.ts';

/** What a message asks the demo to do. */
export type Wish =
  | { readonly kind: 'call'; readonly tool: string; readonly arguments: string }
  /** The tool is not among those offered. */
  | { readonly kind: 'missing'; readonly tool: string }
  | { readonly kind: 'talk' };

/** Understands four phrases, wherever they stand in the text; everything else is talk. */
export function wishOf(text: string, tools: readonly ToolSpec[]): Wish {
  const named = /\b(?:call|use(?: the)? tool)\s+`?([a-z][\w.-]*)`?/i.exec(text);
  if (named?.[1] !== undefined && namesTool(text, named, tools)) {
    const rest = text.slice(named.index + named[0].length);
    return callOf(tools, named[1], firstObject(rest) ?? '{}');
  }
  if (/\bwhat(?:'s|’s| is)? (?:the )?time\b/i.test(text)) return callOf(tools, 'now', '{}');
  const sent = /\bsend\s+["“']?(.+?)["”']?\s+to\s+(\S+)/is.exec(text);
  if (sent?.[1] !== undefined && sent[2] !== undefined) {
    return callOf(tools, 'send_message', argumentsFor(tools, 'send_message', { text: sent[1], to: sent[2] }));
  }
  const folded = /\bexpand\s+["“'`]?([\w:.-]+)/i.exec(text);
  if (folded?.[1] !== undefined) {
    return callOf(tools, 'expand', argumentsFor(tools, 'expand', { id: folded[1] }));
  }
  return { kind: 'talk' };
}

/** "call me later" is talk: a name counts when it is a tool's, or when arguments follow it. */
function namesTool(text: string, named: RegExpExecArray, tools: readonly ToolSpec[]): boolean {
  const rest = text.slice(named.index + named[0].length).trimStart();
  return rest.startsWith('{') || tools.some((tool) => tool.name === named[1]);
}

function callOf(tools: readonly ToolSpec[], tool: string, args: string): Wish {
  return tools.some((offered) => offered.name === tool)
    ? { kind: 'call', tool, arguments: args }
    : { kind: 'missing', tool };
}

/** How tools tend to call the things that the phrases name. */
const wordings = {
  text: ['text', 'message', 'content', 'body'],
  to: ['to', 'chat', 'address', 'recipient', 'channel'],
  id: ['id', 'result', 'ref', 'key'],
} as const;

/** Puts what was said under the names, and into the number or text, that the tool's own schema asks for. */
function argumentsFor(
  tools: readonly ToolSpec[],
  tool: string,
  said: Partial<Record<keyof typeof wordings, string>>,
): string {
  const properties = tools.find((offered) => offered.name === tool)?.parameters['properties'];
  const known = new Map(Object.entries(properties ?? {}));
  const pairs = Object.entries(wordings).flatMap(([word, names]) => {
    const value = Object.entries(said).find(([key]) => key === word)?.[1];
    if (value === undefined) return [];
    const name = names.find((candidate) => known.has(candidate)) ?? word;
    return [[name, isNumber(known.get(name)) && /^\d+$/.test(value) ? Number(value) : value]];
  });
  return JSON.stringify(Object.fromEntries(pairs));
}

function isNumber(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  const type: unknown = Reflect.get(schema, 'type');
  return type === 'integer' || type === 'number';
}

/** The first balanced `{…}`, as text; it may be no JSON. Null when there is none. */
function firstObject(text: string): string | null {
  const start = text.indexOf('{');
  if (start === -1) return null;
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (quoted && char === '\\') at += 1;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === '{') depth += 1;
    else if (!quoted && char === '}') depth -= 1;
    if (depth === 0) return text.slice(start, at + 1);
  }
  return text.slice(start);
}
