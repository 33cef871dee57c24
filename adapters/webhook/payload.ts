/** What a request with a good signature says. */
export type Payload =
  | { readonly ok: true; readonly text: string; readonly json: unknown }
  | { readonly ok: false; readonly status: 400 | 415; readonly why: string };

const deepest = 64;

/**
 * JSON, or plain text that is none (then `json` is undefined): many programs send JSON without saying so. Refused cheaply, in words for whoever set the sender up: other content
 * types, text that is no UTF-8, and JSON that two readers could read differently or that is deep: a byte-order mark,
 * double names, half characters, more than 64 levels.
 */
export function readPayload(headers: Headers, body: Uint8Array): Payload {
  const [type = ''] = (headers.get('content-type') ?? 'application/json').toLowerCase().split(';');
  const isJson = /^application\/(?:[\w.+-]+\+)?json$/.test(type.trim());
  if (!isJson && type.trim() !== 'text/plain') return refused(415, wrongType(type.trim()));
  const text = decode(body);
  if (text === null) return refused(400, 'The body is not UTF-8.');
  const read = readJson(text);
  return isJson || read.ok ? read : { ok: true, text, json: undefined };
}

function readJson(text: string): Payload {
  if (text.startsWith('\u{feff}')) return refused(400, 'The body begins with a byte-order mark.');
  const { names, depth } = measure(text);
  if (depth > deepest) return refused(400, `The JSON has more than ${deepest} levels.`);
  const json = parse(text);
  if (json === undefined) return refused(400, 'The body is not valid JSON.');
  const found = look(json);
  if (!found.isWellFormed) return refused(400, 'The JSON has a half character (a lone surrogate).');
  if (found.names !== names) return refused(400, 'The JSON has a name twice in one object.');
  return { ok: true, text, json };
}

function refused(status: 400 | 415, why: string): Payload {
  return { ok: false, status, why };
}

function wrongType(type: string): string {
  const known = 'Send application/json, or text/plain';
  return type === 'application/x-www-form-urlencoded'
    ? `${known}; at GitHub: Settings, Webhooks, Content type: application/json.`
    : `${known}.`;
}

function decode(body: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null; // not UTF-8
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON
  }
}

/** How many names stand in the text, double ones too, and how deep it goes: one pass, before anything is built of it. */
function measure(text: string): { readonly names: number; readonly depth: number } {
  let [names, depth, level] = [0, 0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '{' || char === '[') depth = Math.max(depth, (level += 1));
    else if (char === '}' || char === ']') level -= 1;
    else if (char === ':') names += 1;
    else if (char === '"') at = endOfText(text, at);
  }
  return { names, depth };
}

/** Of the text that begins at the quotation mark `from`: where its last one stands. */
function endOfText(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function look(json: unknown): { readonly names: number; readonly isWellFormed: boolean } {
  let names = 0;
  const open: unknown[] = [json];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string' && !value.isWellFormed()) return { names, isWellFormed: false };
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) for (const one of value) open.push(one);
    else
      for (const [name, one] of Object.entries(value)) {
        names += 1;
        open.push(name, one);
      }
  }
  return { names, isWellFormed: true };
}
