import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Fields = Readonly<Record<string, unknown>>;

export async function readBody(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export function answer(response: ServerResponse, body: unknown, status = 200): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** An error as Graph answers it. */
export function graphError(code: number, message: string, details?: string): Fields {
  const more = details === undefined ? {} : { error_data: { messaging_product: 'whatsapp', details } };
  return {
    error: { message: `(#${code}) ${message}`, type: 'OAuthException', code, ...more, fbtrace_id: 'A1' },
  };
}

/** The header that Meta puts on what it posts. */
export function signed(body: string | Uint8Array, appSecret: string): Readonly<Record<string, string>> {
  const mac = createHmac('sha256', appSecret).update(body).digest('hex');
  return { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${mac}` };
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Graph refuses it by its shape
  }
}

/** Text as it is; '' for what is none. */
export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
