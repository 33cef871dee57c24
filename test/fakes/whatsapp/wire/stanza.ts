import { randomBytes } from 'node:crypto';
import { type BinaryNode, getBinaryNodeChild } from 'baileys';

export const serverName = 's.whatsapp.net';

export function node(
  tag: string,
  attrs: Readonly<Record<string, string>> = {},
  content?: readonly BinaryNode[] | Uint8Array | string,
): BinaryNode {
  if (content === undefined) return { tag, attrs: { ...attrs } };
  const inner = typeof content === 'string' || content instanceof Uint8Array ? content : [...content];
  return { tag, attrs: { ...attrs }, content: inner };
}

export function firstChild({ content }: BinaryNode): BinaryNode | null {
  return Array.isArray(content) ? (content[0] ?? null) : null;
}

/** The bytes of the child of this name. */
export function bytesOf(parent: BinaryNode | undefined, name: string): Buffer {
  const { content } = getBinaryNodeChild(parent, name) ?? {};
  if (typeof content === 'string') return Buffer.from(content);
  return content instanceof Uint8Array ? Buffer.from(content) : Buffer.alloc(0);
}

export function seconds(): string {
  return String(Math.floor(Date.now() / 1000));
}

/** As WhatsApp on iPhones makes them. */
export function newId(): string {
  return `3A${randomBytes(9).toString('hex').toUpperCase()}`;
}
