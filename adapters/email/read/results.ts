import { endOf } from './address.ts';

/** One method of an Authentication-Results field (RFC 8601). Names are in lower case. */
export interface MethodResult {
  readonly method: string;
  readonly result: string;
  /** Such as `header.from`. */
  readonly properties: ReadonlyMap<string, string>;
}

export interface AuthResults {
  /** Whose results they are, in lower case. */
  readonly server: string;
  readonly methods: readonly MethodResult[];
}

const longest = 16 * 1024;
const pair = /\s*([a-z][\w-]*(?:\.[\w-]+)?)(?:\s*\/\s*\d+)?\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;"]+)(?=\s|$)/iy;

/**
 * An Authentication-Results field, or null where it is none. A method whose words do not all fit the grammar is left out,
 * so it can only be missing, never pass. Never throws; linear.
 */
export function readAuthResults(value: string): AuthResults | null {
  if (value.length > longest) return null;
  const sections = sectionsOf(value);
  const [head = '', ...rest] = sections ?? [];
  const server = /^\s*("[^"\\]+"|[^\s=";]+)(?:\s+\d+)?\s*$/.exec(head)?.[1];
  if (server === undefined) return null;
  return { server: bare(server).toLowerCase(), methods: rest.flatMap((section) => methodIn(section) ?? []) };
}

function methodIn(section: string): MethodResult | null {
  const found: [string, string][] = [];
  pair.lastIndex = 0;
  let end = 0;
  for (let match = pair.exec(section); match !== null; match = pair.exec(section)) {
    const [, name = '', text = ''] = match;
    found.push([name.toLowerCase(), bare(text)]);
    end = pair.lastIndex;
  }
  const [first, ...others] = found;
  if (first === undefined || section.slice(end).trim() !== '' || first[0].includes('.')) return null;
  // Said twice, it could be read either way.
  const names = others.map(([name]) => name);
  if (new Set(names).size !== names.length) return null;
  return { method: first[0], result: first[1].toLowerCase(), properties: new Map(others) };
}

/** The field at its semicolons, without comments; null where a quotation or comment is left open. */
function sectionsOf(value: string): readonly string[] | null {
  const sections: string[] = [];
  let text = '';
  for (let at = 0; at < value.length; at += 1) {
    const char = value.charAt(at);
    if (char === ';') {
      sections.push(text);
      text = '';
    } else if (char === '(' || char === '"') {
      const end = endOf(value, at, char);
      if (end === -1) return null;
      text += char === '(' ? ' ' : value.slice(at, end + 1);
      at = end;
    } else text += char;
  }
  return [...sections, text];
}

function bare(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text;
}
