import type { IncomingMessage, ServerResponse } from 'node:http';

/** A file that came with a call. */
export interface Upload {
  readonly name: string;
  readonly bytes: Buffer;
}

export type Params = Readonly<Record<string, unknown>>;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** JSON, or the fields and files of a multipart form. A field that holds JSON is parsed. */
export function parseParams(contentType: string, body: Buffer): Params {
  if (contentType.includes('json')) {
    const parsed: unknown = JSON.parse(body.toString('utf8') || '{}');
    return isParams(parsed) ? parsed : {};
  }
  const boundary = /boundary=(.+)$/.exec(contentType)?.[1];
  if (boundary === undefined) return {};
  const parts = splitParts(body, boundary);
  const files = new Map(
    parts.flatMap((part) => (part.filename === null ? [] : [[part.name, upload(part)] as const])),
  );
  const fields = parts.filter((part) => part.filename === null);
  return Object.fromEntries(
    fields.map((part) => [part.name, fieldValue(part.bytes.toString('utf8'), files)]),
  );
}

interface Part {
  readonly name: string;
  readonly filename: string | null;
  readonly bytes: Buffer;
}

function upload(part: Part): Upload {
  return { name: part.filename ?? '', bytes: part.bytes };
}

function splitParts(body: Buffer, boundary: string): Part[] {
  const separator = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  let start = body.indexOf(separator);
  while (start >= 0) {
    const next = body.indexOf(separator, start + separator.length);
    if (next < 0) return parts;
    // Between the separators stand CRLF, the headers, an empty line, the bytes, CRLF.
    const piece = body.subarray(start + separator.length + 2, next - 2);
    const gap = piece.indexOf('\r\n\r\n');
    const headers = piece.subarray(0, gap).toString('utf8');
    const name = /name="([^"]*)"/.exec(headers)?.[1] ?? '';
    const filename = /filename="?([^"\r\n;]*)/.exec(headers)?.[1] ?? null;
    parts.push({ name, filename, bytes: piece.subarray(gap + 4) });
    start = next;
  }
  return parts;
}

function fieldValue(text: string, files: ReadonlyMap<string, Upload>): unknown {
  if (text.startsWith('attach://')) return files.get(text.slice('attach://'.length));
  if (!/^[[{]|^(true|false)$/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // a caption may begin with a bracket
  }
}

/** A field as text; '' where it is missing or no text. */
export function textOf(params: Params, field: string): string {
  const value = params[field];
  return typeof value === 'string' ? value : '';
}

function isParams(value: unknown): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
