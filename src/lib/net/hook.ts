export interface Hook {
  readonly maxBytes: number;
  /** Whether the request comes from whom it says. */
  isGenuine(headers: Headers, body: string): boolean;
  /** Resolves when what it holds is stored; rejects when it is not. */
  take(body: string): Promise<void>;
  onRefused(error: unknown): void;
}

/** A POST of a platform: stored, then 200. Every other status makes the platform try again, or says that it is a stranger. */
export async function answerHook(request: Request, hook: Hook): Promise<Response> {
  return new Response(null, { status: await statusOf(request, hook) });
}

async function statusOf(request: Request, hook: Hook): Promise<number> {
  if (request.method !== 'POST') return 405;
  if (Number(request.headers.get('content-length') ?? 0) > hook.maxBytes) return 413;
  const body = await request.text();
  if (!hook.isGenuine(request.headers, body)) return 401;
  if (Buffer.byteLength(body) > hook.maxBytes) return 413;
  try {
    await hook.take(body);
    return 200;
  } catch (error) {
    hook.onRefused(error);
    return 503;
  }
}
