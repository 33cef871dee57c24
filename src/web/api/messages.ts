import { Hono } from 'hono';
import { z } from 'zod';
import { TiroError } from '#core/errors.ts';
import type { EventId } from '#core/ids.ts';
import type { Submission, Submitted } from '#core/ports/door.ts';
import { type WebDeps, type WebEnv, isConversationId } from '../deps.ts';
import { idempotencyKey, mebibyte, parseWith, readJson } from '../http/body.ts';
import { httpProblem } from '../http/problem.ts';

const messageSchema = z.strictObject({
  conversation: z.string().nullish(),
  text: z.string().refine((text) => text.trim() !== '', 'must say something'),
  channel: z.enum(['api', 'web', 'cli']).default('api'),
});

/** POST /messages stores a message and answers at once; GET /messages/:id tells what became of it. */
export function messageRoutes(deps: Pick<WebDeps, 'door' | 'events'>): Hono<WebEnv> {
  const app = new Hono<WebEnv>();

  app.post('/messages', async (c) => {
    const key = idempotencyKey(c.req.raw);
    const body = parseWith(messageSchema, await readJson(c.req.raw, mebibyte));
    const conversation = parseConversation(body.conversation ?? null);
    const submission: Submission = {
      channel: body.channel,
      chat: 'owner',
      user: null,
      conversation,
      isolated: false,
      text: body.text,
      key,
      history: [],
    };
    const stored = storedOrThrow(await deps.door.submit(submission));
    if (stored.duplicate && conversation !== null && stored.conversation !== conversation) {
      throw keyConflict();
    }
    return c.json({ conversation: stored.conversation, event: stored.event }, 202);
  });

  app.get('/messages/:id', async (c) => {
    const id = c.req.param('id');
    const event = isEventId(id) ? await deps.events.get(id) : null;
    if (event === null) throw httpProblem('not-found', 'There is no such message.');
    const { conversation, turn, status, reason } = event;
    return c.json({ event: event.id, conversation, turn, status, reason });
  });
  return app;
}

/** What the door took. Throws in words for what it refused. */
export function storedOrThrow(submitted: Submitted): Extract<Submitted, { ok: true }> {
  if (submitted.ok) return submitted;
  if (submitted.reason === 'conflict') throw keyConflict();
  throw new TiroError('not-found', 'conversation: there is no such conversation.');
}

export function keyConflict(): TiroError {
  return new TiroError('conflict', 'Idempotency-Key: it was used before for another request.');
}

function parseConversation(text: string | null): Submission['conversation'] {
  if (text === null || isConversationId(text)) return text;
  throw new TiroError('bad-input', 'conversation: must be an id that begins with cnv_');
}

function isEventId(text: string): text is EventId {
  return /^evt_[0-9A-Za-z]{1,64}$/.test(text);
}
