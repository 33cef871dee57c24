import { htmlText } from './html.ts';

export interface Words {
  readonly mime: string;
  readonly text: string;
}

/** Share of control characters above which something is no text. */
const mostControls = 0.01;
const lookedAt = 100_000;
const longestJson = 5_000_000;
const linesLookedAt = 20;

/** The text of a file of unknown type, or null when it is none. UTF-8, UTF-16 by its mark, else Windows-1252. */
export function textOf(bytes: Uint8Array): Words | null {
  const text = decode(bytes);
  if (text === null || !isText(text)) return null;
  const plain = text.replaceAll('\r\n', '\n');
  const mime = kindOf(plain);
  return { mime, text: mime === 'text/html' ? htmlText(plain) : plain };
}

function decode(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Older programs write tables so; what is no text in it either is found by its control characters.
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function isText(text: string): boolean {
  const head = text.slice(0, lookedAt);
  if (head.includes('\0')) return false;
  // Escape begins the colours of a terminal.
  const controls = head.replaceAll('\u001b[', '').match(/(?!\s)\p{Cc}/gu)?.length ?? 0;
  return controls <= head.length * mostControls;
}

function kindOf(text: string): string {
  const head = text.slice(0, 2_000).trimStart().toLowerCase();
  if (/^(<\?xml[^>]*>\s*)?<(!doctype html|html[\s>])/.test(head)) return 'text/html';
  if (isJson(text)) return 'application/json';
  if (head.startsWith('<?xml')) return 'application/xml';
  return tableKind(text) ?? (/^(#{1,6} |```|[-*] \S|> )/m.test(text) ? 'text/markdown' : 'text/plain');
}

function isJson(text: string): boolean {
  if (text.length > longestJson || !/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // it only began like one
  }
}

/** Lines with the same number of one separator each, but for what stands in quotes. */
function tableKind(text: string): string | null {
  const lines = text
    .slice(0, lookedAt)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, linesLookedAt)
    .map((line) => line.replaceAll(/"[^"]*"/g, ''));
  if (lines.length < 2) return null;
  for (const [separator, mime] of separators) {
    const counts = new Set(lines.map((line) => line.split(separator).length));
    if (counts.size === 1 && !counts.has(1)) return mime;
  }
  return null;
}

const separators = [
  ['\t', 'text/tab-separated-values'],
  [';', 'text/csv'],
  [',', 'text/csv'],
] as const;
