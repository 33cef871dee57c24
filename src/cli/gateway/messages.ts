import { z } from 'zod';
import { TiroError } from '#core/errors.ts';
import { randomCode } from '#lib/random.ts';
import { callGateway, type Gateway, type HttpDeps, NobodyThere } from './http.ts';

const postedSchema = z.object({ conversation: z.string(), event: z.string() });
export type Posted = Readonly<z.infer<typeof postedSchema>>;

const messageSchema = z.object({
  turn: z.string().nullable(),
  status: z.string(),
  reason: z.string().nullable(),
});
export type MessageState = Readonly<z.infer<typeof messageSchema>>;

const tries = 4;
const retryMs = 500;

/** Hands a message in. The key makes a repeat after a lost answer harmless, so it is tried again. */
export async function postMessage(
  deps: HttpDeps,
  gateway: Gateway,
  message: { readonly conversation: string | null; readonly text: string },
): Promise<Posted> {
  const headers = { 'idempotency-key': randomCode(26) };
  const call = {
    method: 'POST',
    path: '/api/messages',
    body: { ...message, channel: 'cli' },
    headers,
  } as const;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return postedSchema.parse(await callGateway(deps, gateway, call));
    } catch (error) {
      const isLost = error instanceof TiroError && error.code === 'unavailable';
      if (attempt === tries || !isLost) throw asUnavailable(error);
      await deps.clock.sleep(retryMs * attempt);
    }
  }
}

/** What became of a message. */
export async function messageState(deps: HttpDeps, gateway: Gateway, event: string): Promise<MessageState> {
  const call = { method: 'GET', path: `/api/messages/${encodeURIComponent(event)}` } as const;
  return messageSchema.parse(await callGateway(deps, gateway, call));
}

function asUnavailable(error: unknown): unknown {
  if (!(error instanceof NobodyThere)) return error;
  return new TiroError('unavailable', `${error.message} Start a gateway with: tiro start`, { cause: error });
}
