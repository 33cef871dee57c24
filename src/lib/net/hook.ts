export interface Hook {
  readonly maxBytes: number;
  /**
   * Whether the request comes from whom it says: asked before anything of the body is read as text. A byte-order mark
   * or a byte that is no UTF-8 is part of what was signed.
   */
  isGenuine(headers: Headers, body: Uint8Array): boolean;
  /**
   * Resolves when what the body holds is stored, with the answer where it is not an empty 200; rejects when it is not
   * stored. `text`: the body as UTF-8, a byte-order mark included.
   */
  take(text: string, body: Uint8Array): Promise<Response | null>;
  onRefused(error: unknown): void;
}

/**
 * method → size → signature → stored → 2xx: a POST of a platform. Every other status makes the platform try again, or
 * says that it is a stranger: 405, 413, 401, and 503 where it was not stored.
 */
export async function answerHook(request: Request, hook: Hook): Promise<Response> {
  if (request.method !== 'POST') return refusal(405, { allow: 'POST' });
  if (Number(request.headers.get('content-length') ?? 0) > hook.maxBytes) return refusal(413);
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.byteLength > hook.maxBytes) return refusal(413);
  if (!hook.isGenuine(request.headers, body)) return refusal(401);
  try {
    return (await hook.take(textOf(body), body)) ?? new Response(null);
  } catch (error) {
    hook.onRefused(error);
    return refusal(503);
  }
}

function refusal(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status, headers });
}

function textOf(body: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
}
