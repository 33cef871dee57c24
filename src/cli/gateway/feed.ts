import { z } from 'zod';
import { messageOf, TiroError } from '#core/errors.ts';
import { type StepBody, stepBodySchema } from '#core/step.ts';
import { parseJson } from '#lib/read/json.ts';
import { type Gateway, type HttpDeps, request } from './http.ts';
import { createSseParser, type SseEvent } from './sse.ts';

export type FeedEvent =
  | {
      readonly type: 'step';
      readonly seq: number;
      readonly conversation: string;
      readonly turn: string | null;
      readonly body: StepBody;
    }
  | { readonly type: 'delta'; readonly conversation: string; readonly turn: string; readonly text: string }
  /** The partial text of the turn is void. */
  | { readonly type: 'restart'; readonly conversation: string; readonly turn: string }
  | {
      readonly type: 'waiting';
      readonly conversation: string;
      readonly turn: string;
      readonly reason: string;
    }
  /** Connected, for the first time or again: the partial text of every turn is sent anew from its beginning. */
  | { readonly type: 'open' }
  /** Cut off; it is tried again. */
  | { readonly type: 'lost'; readonly reason: string };

export interface FeedOptions {
  /** The first step wanted is the one after this; null: from now on. */
  readonly after: number | null;
  readonly onEvent: (event: FeedEvent) => void;
}

const retryMs = 1_000;

/**
 * What happens at the gateway, each step once and in order, over broken connections too (resumed by Last-Event-ID).
 * Resolves when the signal aborts; rejects where the gateway refuses.
 */
export async function followFeed(
  deps: HttpDeps,
  gateway: Gateway,
  options: FeedOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { signal, onEvent } = options;
  let lastId = options.after === null ? '' : String(options.after);
  let seen = options.after ?? -1;
  while (!signal.aborted) {
    try {
      await readOnce();
      if (!signal.aborted) onEvent({ type: 'lost', reason: 'the connection ended' });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof TiroError && error.code !== 'unavailable') throw error;
      onEvent({ type: 'lost', reason: messageOf(error) });
    }
    await deps.clock.sleep(retryMs, signal);
  }

  async function readOnce(): Promise<void> {
    const headers: Record<string, string> = lastId === '' ? {} : { 'last-event-id': lastId };
    const response = await request(deps, gateway, { method: 'GET', path: '/api/events', headers, signal });
    if (response.body === null) return;
    const parser = createSseParser();
    const text = response.body.pipeThrough(new TextDecoderStream());
    let isOpen = false;
    for await (const piece of text) {
      for (const event of parser.push(piece)) {
        // The first block says from which step on everything will come: not before it is nothing missed.
        if (!isOpen) onEvent({ type: 'open' });
        isOpen = true;
        take(event);
      }
    }
  }

  function take(event: SseEvent): void {
    if (event.id !== '') lastId = event.id;
    const parsed = parseFeedEvent(event);
    if (parsed === null) return;
    if (parsed.type === 'step') {
      if (parsed.seq <= seen) return;
      seen = parsed.seq;
    }
    onEvent(parsed);
  }
}

const whereSchema = z.object({ conversation: z.string(), turn: z.string().nullable() });
const liveSchema = z.object({
  conversation: z.string(),
  turn: z.string(),
  text: z.string().default(''),
  reason: z.string().default(''),
});

/** Null for what this version does not know: a newer gateway may say more. */
function parseFeedEvent(event: SseEvent): FeedEvent | null {
  if (event.data === null) return null;
  const data = parseJson(event.data);
  if (event.event === 'delta' || event.event === 'restart' || event.event === 'waiting') {
    const live = liveSchema.safeParse(data);
    return live.success ? { type: event.event, ...live.data } : null;
  }
  const where = whereSchema.safeParse(data);
  const body = stepBodySchema.safeParse({ ...(isObject(data) ? data : {}), kind: event.event });
  if (!where.success || !body.success || !/^\d+$/.test(event.id)) return null;
  return { type: 'step', seq: Number(event.id), ...where.data, body: body.data };
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object';
}
