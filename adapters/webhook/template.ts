/** A prompt with places for parts of what came in. */
export interface Template {
  readonly parts: readonly Part[];
}

type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'body' }
  | { readonly type: 'header'; readonly name: string }
  | { readonly type: 'path'; readonly steps: readonly string[] };

/** What is put in. */
export interface Received {
  /** The body as text, and as JSON where it is JSON. */
  readonly text: string;
  readonly json: unknown;
  readonly headers: Headers;
  /** Stands at both ends of what is put in. Nobody who wrote it can know the mark. */
  readonly mark: string;
}

const eachLimit = 8_000;
const allLimit = 24_000;
/** A value of one short line stands within the sentence, in quotation marks. */
const inlineLimit = 200;
const none = '(none)';
/** Names that lead to what everything is made of, even where a payload has them as its own. */
const forbidden = new Set(['__proto__', 'constructor', 'prototype']);
const placePattern = /\{\{([^{}]*)\}\}/g;

/**
 * `{{body}}`, `{{a.b.0.c}}`, `{{header:x-github-event}}`; everything else is text. `secretHeaders` are refused. What is put
 * in is never read as a template again.
 */
export function parseTemplate(
  text: string,
  secretHeaders: ReadonlySet<string>,
): { readonly ok: true; readonly value: Template } | { readonly ok: false; readonly why: string } {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(placePattern)) {
    const [whole, inner = ''] = match;
    const place = placeOf(inner.trim());
    if (place === null) {
      const known = '{{body}}, {{a.b.0.c}} and {{header:x-name}}';
      return { ok: false, why: `has ${whole}, which is no place: there are ${known}` };
    }
    if (place.type === 'header' && secretHeaders.has(place.name))
      return { ok: false, why: `must not show the header ${place.name}: it proves who calls` };
    if (match.index > at) parts.push({ type: 'text', text: text.slice(at, match.index) });
    parts.push(place);
    at = match.index + whole.length;
  }
  if (at < text.length) parts.push({ type: 'text', text: text.slice(at) });
  return { ok: true, value: { parts } };
}

function placeOf(inner: string): Part | null {
  if (inner === 'body') return { type: 'body' };
  const header = /^header:([a-z0-9_-]{1,64})$/i.exec(inner)?.[1];
  if (header !== undefined) return { type: 'header', name: header.toLowerCase() };
  if (!/^[^\s.:{}]{1,100}(?:\.[^\s.:{}]{1,100}){0,20}$/.test(inner)) return null;
  return { type: 'path', steps: inner.split('.') };
}

/** The names of the headers that it shows. */
export function headersIn({ parts }: Template): readonly string[] {
  return parts.flatMap((part) => (part.type === 'header' ? [part.name] : []));
}

/** Whether it shows anything of what came in. */
export function hasPlaces({ parts }: Template): boolean {
  return parts.some(({ type }) => type !== 'text');
}

/**
 * The prompt. A value of one short line stands in quotation marks (JSON), a longer one and the body between two lines with
 * the mark, cut at 8,000 characters, all of them together at 24,000. A missing one is `(none)`.
 */
export function fillTemplate({ parts }: Template, received: Received): string {
  let room = allLimit;
  const said = parts.map((part) => {
    if (part.type === 'text') return part.text;
    const limit = Math.min(eachLimit, room);
    const shown =
      part.type === 'body'
        ? fenced(received.text, received.mark, limit)
        : shownAs(valueOf(part, received), received.mark, limit);
    room = Math.max(0, room - shown.length);
    return shown;
  });
  return said.join('');
}

function valueOf(
  part: Extract<Part, { readonly type: 'header' | 'path' }>,
  { json, headers }: Received,
): unknown {
  if (part.type === 'header') return headers.get(part.name) ?? undefined;
  return rooted(part.steps, json).reduce(stepInto, json);
}

/** `{{body.a}}` and `{{payload.a}}` are `{{a}}`, unless the payload has something of that name. */
function rooted(steps: readonly string[], json: unknown): readonly string[] {
  const [first = ''] = steps;
  return ['body', 'payload'].includes(first) && stepInto(json, first) === undefined ? steps.slice(1) : steps;
}

/** The own property of that name, and an element of a list; of nothing else anything. */
function stepInto(value: unknown, step: string): unknown {
  if (typeof value !== 'object' || value === null || forbidden.has(step)) return undefined;
  if (Array.isArray(value) && !/^(?:0|[1-9]\d{0,8})$/.test(step)) return undefined;
  return Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
}

function shownAs(value: unknown, mark: string, limit: number): string {
  if (value === undefined || value === null) return none;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = (typeof value === 'string' ? value : JSON.stringify(value, null, 1)).toWellFormed();
  if (typeof value === 'string' && text.length <= Math.min(inlineLimit, limit) && isOneLine(text))
    return JSON.stringify(text);
  return fenced(text, mark, limit);
}

function fenced(text: string, mark: string, limit: number): string {
  return `\n--- data ${mark} ---\n${cut(text.toWellFormed(), limit)}\n--- end of data ${mark} ---\n`;
}

/** No line breaks of any kind, and nothing that cannot be seen. */
function isOneLine(text: string): boolean {
  return /^[^\p{C}\p{Zl}\p{Zp}]*$/u.test(text);
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const kept = text.slice(0, limit).replace(/[\uD800-\uDBFF]$/, '');
  return `${kept}\n(cut: ${text.length - kept.length} more characters)`;
}
