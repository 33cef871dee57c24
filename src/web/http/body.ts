import type { z } from 'zod';
import { TiroError } from '#core/errors.ts';
import { httpProblem } from './problem.ts';

export const mebibyte = 1024 * 1024;

/** The body's bytes. Throws `too-large` as soon as more than `limitBytes` are known to come, `bad-input` where it breaks off. */
export async function readBytes(request: Request, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = (): Error => httpProblem('too-large', `The body is larger than ${limitBytes} bytes.`);
  const announced = request.headers.get('content-length');
  if (Number(announced ?? 0) > limitBytes) throw tooLarge();
  // HTTP itself lets no more come than was announced: such a body is read at once, without a stream around it.
  if (announced !== null) return readAnnounced(request, limitBytes, tooLarge);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of untilItBreaksOff(request.body)) {
    size += chunk.length;
    if (size > limitBytes) throw tooLarge();
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * As `readBytes`, and rejects with what `signal` aborts with as soon as it does. What comes then is read by nobody: the
 * answer has to close the connection.
 */
export async function readBytesUntil(
  signal: AbortSignal,
  ...args: Parameters<typeof readBytes>
): Promise<Uint8Array<ArrayBuffer>> {
  const cut = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => cut.reject(signal.reason), { once: true });
  return Promise.race([readBytes(...args), cut.promise]);
}

async function readAnnounced(
  request: Request,
  limitBytes: number,
  tooLarge: () => Error,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await request.arrayBuffer().catch(brokeOff));
  if (bytes.length > limitBytes) throw tooLarge();
  return bytes;
}

/** The caller left in the middle: nobody hears the answer, and it is no defect of ours. */
async function* untilItBreaksOff(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    brokeOff(error);
  }
}

function brokeOff(cause: unknown): never {
  throw new TiroError('bad-input', 'The body broke off.', { cause });
}

/** The body as JSON; an empty one is `{}`. Throws `bad-input` for what is no UTF-8 or no JSON. */
export async function readJson(request: Request, limitBytes: number): Promise<unknown> {
  const bytes = await readBytes(request, limitBytes);
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new TiroError('bad-input', 'The body is not valid JSON.', { cause: error });
  }
}

/** The value in the schema's shape. Throws `bad-input` naming each field that does not fit. */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TiroError('bad-input', describeIssues(parsed.error));
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; ');
}

/** The caller's Idempotency-Key, or null. Throws `bad-input` when it is no key one can store. */
export function idempotencyKey(request: Request): string | null {
  const key = request.headers.get('idempotency-key');
  if (key === null) return null;
  if (key.length >= 1 && key.length <= 255) return key;
  throw new TiroError('bad-input', 'Idempotency-Key: must be 1 to 255 characters.');
}
