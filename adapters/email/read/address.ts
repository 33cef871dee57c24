import { domainToASCII } from 'node:url';

/** One mailbox: address in lower case with its domain in punycode. `name` is what its owner writes and proves nothing. */
export interface Mailbox {
  readonly address: string;
  readonly domain: string;
  readonly name: string;
}

export type FromField =
  | { readonly type: 'one'; readonly mailbox: Mailbox }
  /** More than one reading, or none. `hint` is the first thing in it that looks like an address. */
  | { readonly type: 'unclear'; readonly why: string; readonly hint: string | null };

const longest = 2_000;
const local = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
const domain = /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)+$/;

/**
 * The one mailbox of a From field. Comments are dropped, encoded words are names and never addresses; a group, several
 * addresses, or words behind the address are unclear. Never throws; linear.
 */
export function readFrom(value: string): FromField {
  const unclear = (why: string): FromField => ({ type: 'unclear', why, hint: hintIn(value) });
  if (value.length > longest) return unclear('its From is too long');
  const parts = partsOf(value);
  if (parts === null) return unclear('its From cannot be read');
  if (parts.some(({ kind }) => kind === 'comma' || kind === 'group')) {
    return unclear('its From names several addresses or a group');
  }
  const angles = parts.filter(({ kind }) => kind === 'angle');
  if (angles.length > 1) return unclear('its From names several addresses or a group');
  const [angle] = angles;
  const spec =
    angle?.text ?? parts.map(({ kind, text }) => (kind === 'quoted' ? `"${text}"` : text)).join('');
  if (angle !== undefined && parts.at(-1) !== angle) return unclear('its From has words behind the address');
  const name = angle === undefined ? '' : parts.filter((one) => one !== angle).map(({ text }) => text);
  const mailbox = mailboxOf(spec, typeof name === 'string' ? name : name.join(' '));
  return mailbox === null ? unclear('its From holds no usable address') : { type: 'one', mailbox };
}

/** An address as it is compared everywhere, or null where it is none. Quoted local parts are none. */
export function normalAddress(text: string): string | null {
  return mailboxOf(text, '')?.address ?? null;
}

/** Every address in a To or Cc, groups included. What cannot be read is left out. */
export function addressesIn(value: string): readonly string[] {
  const parts = partsOf(value.slice(0, 64 * 1024)) ?? [];
  const pieces: string[] = [''];
  for (const { kind, text } of parts) {
    if (kind === 'comma' || kind === 'group') pieces.push('');
    else if (kind === 'angle') pieces.push(text, '');
    else if (kind === 'text') pieces.push(`${pieces.pop() ?? ''}${text}`);
  }
  return pieces.flatMap((piece) => normalAddress(piece) ?? []);
}

function mailboxOf(spec: string, name: string): Mailbox | null {
  const text = spec.trim();
  const at = text.lastIndexOf('@');
  if (at < 1 || text.length > 254 || text.includes('=?')) return null;
  const host = domainToASCII(text.slice(at + 1).replace(/\.$/, '')).toLowerCase();
  if (!local.test(text.slice(0, at)) || !domain.test(host)) return null;
  const address = `${text.slice(0, at).toLowerCase()}@${host}`;
  return { address, domain: host, name: name.replaceAll(/\s+/g, ' ').trim() };
}

interface Part {
  readonly kind: 'text' | 'quoted' | 'angle' | 'comma' | 'group';
  readonly text: string;
}

const deepestComment = 20;

/** Null: a quotation, a comment or a bracket is left open. */
function partsOf(value: string): readonly Part[] | null {
  const parts: Part[] = [];
  let text = '';
  const flush = (): void => {
    if (text.trim() !== '') parts.push({ kind: 'text', text: text.trim() });
    text = '';
  };
  for (let at = 0; at < value.length; at += 1) {
    const char = value.charAt(at);
    if (char !== '(' && char !== '"' && char !== '<' && !',:;'.includes(char)) {
      text += char;
      continue;
    }
    // `a(b)@x`: a comment ends no word.
    if (char !== '(') flush();
    if (',:;'.includes(char)) {
      parts.push({ kind: char === ',' ? 'comma' : 'group', text: '' });
      continue;
    }
    const end = endOf(value, at, char);
    if (end === -1) return null;
    if (char === '"')
      parts.push({ kind: 'quoted', text: value.slice(at + 1, end).replaceAll(/\\(.)/g, '$1') });
    if (char === '<') parts.push({ kind: 'angle', text: value.slice(at + 1, end) });
    at = end;
  }
  flush();
  return parts;
}

/** Where what begins at `start` ends; -1: nowhere. Shared by address fields and Authentication-Results. */
export function endOf(value: string, start: number, open: string): number {
  let depth = 0;
  for (let at = start; at < value.length; at += 1) {
    const char = value.charAt(at);
    if (char === '\\' && open !== '<') at += 1;
    else if (open === '(' && char === '(') depth += 1;
    else if (open === '(' && char === ')') depth -= 1;
    else if (at > start && char === (open === '<' ? '>' : '"') && open !== '(') return at;
    if (open === '(' && depth === 0) return at;
    if (depth > deepestComment) return -1;
  }
  return -1;
}

function hintIn(value: string): string | null {
  const found = /[\w.+-]{1,64}@[\w.-]{1,180}/.exec(value.slice(0, longest))?.[0];
  return found === undefined ? null : normalAddress(found);
}
