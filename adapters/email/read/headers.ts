/** A header field: its name in lower case, its value on one line as it came. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

export interface Headers {
  readonly all: readonly Header[];
  /** The first of that name (a lower-case one), or null. */
  get(name: string): string | null;
  count(name: string): number;
  has(test: (name: string) => boolean): boolean;
  /** More than is read: nothing of it can be relied on. */
  readonly excess: boolean;
  /** A line that is no field, or a character that ends one for some: who signed or vouched may have read another header. */
  readonly malformed: boolean;
}

const mostBytes = 256 * 1024;
const mostFields = 2_000;
const mostLines = 10_000;
/** A name may not go on in the next line: some read `To` and, below it, ` : ann@x.test` as a field, others do not. */
const fieldName = /^[!-9;-~]+(?=[ \t]*:)/;

/**
 * The header of a mail. Lines end with LF or CRLF and nothing else, as for those who sign mail: a lone CR is a character
 * like others. Never throws; takes time in proportion to at most 256 KiB.
 */
export function readHeaders(raw: Uint8Array): Headers {
  const all: Header[] = [];
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(raw.subarray(0, mostBytes));
  const lines = text.split(/\r?\n/, mostLines);
  const end = lines.indexOf('');
  const header = end === -1 ? lines : lines.slice(0, end);
  let malformed = header.some((line) => /[\r\0]/.test(line));
  let field: { readonly name: string; readonly parts: string[] } | null = null;
  const close = (): void => {
    if (field !== null) all.push({ name: field.name, value: field.parts.join(' ').trim() });
    field = null;
  };
  for (const line of header) {
    if (/^[ \t]/.test(line)) {
      malformed ||= field === null;
      field?.parts.push(line.trim());
      continue;
    }
    close();
    const name = fieldName.exec(line)?.[0].toLowerCase();
    malformed ||= name === undefined;
    if (name !== undefined && all.length < mostFields) {
      field = { name, parts: [line.slice(line.indexOf(':') + 1).trim()] };
    }
  }
  close();
  const isCut = end === -1 && (raw.length > mostBytes || lines.length >= mostLines);
  return {
    all,
    excess: all.length >= mostFields || isCut,
    malformed,
    get: (name) => all.find((one) => one.name === name)?.value ?? null,
    count: (name) => all.filter((one) => one.name === name).length,
    has: (test) => all.some((one) => test(one.name)),
  };
}

const word = /=\?[\w.:-]{1,40}(?:\*[\w-]{1,40})?\?[bq]\?[^\s?]{0,2000}\?=/gi;
const wordParts = /^=\?([\w.:-]{1,40})(?:\*[\w-]{1,40})?\?([bq])\?([^\s?]*)\?=$/i;

/** Encoded words as text, for names and subjects; what cannot be decoded stays as it is. Never for addresses. */
export function decodeWords(value: string): string {
  return value
    .replaceAll(/(\?=)\s+(?==\?)/g, '$1')
    .replaceAll(word, (all) => decoded(all) ?? all)
    .replaceAll(/[\r\n\0]+/g, ' ')
    .toWellFormed();
}

function decoded(encoded: string): string | null {
  const [, charset = '', kind = '', body = ''] = wordParts.exec(encoded) ?? [];
  const bytes =
    kind.toLowerCase() === 'b'
      ? Buffer.from(body, 'base64')
      : Buffer.from(
          body
            .replaceAll('_', ' ')
            .replaceAll(/=([0-9a-f]{2})/gi, (_, hex: string) =>
              String.fromCharCode(Number.parseInt(hex, 16)),
            ),
          'latin1',
        );
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return null; // a character set that nobody knows
  }
}

/** Printable ASCII only: it is written into headers of ours. */
const idPattern = /<([!#-;=?-~]{1,250})>/g;

/** Message-IDs without their brackets, at most the last 200. */
export function messageIdsIn(value: string | null): readonly string[] {
  if (value === null) return [];
  return [...value.slice(0, 64 * 1024).matchAll(idPattern)].map(([, id = '']) => id).slice(-200);
}
