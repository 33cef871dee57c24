import { Hono } from 'hono';
import type { ConversationId } from '#core/ids.ts';
import { TiroError } from '#core/errors.ts';
import { type WebDeps, type WebEnv, isConversationId } from '../deps.ts';
import { httpProblem } from '../http/problem.ts';
import type { Feed } from './feed.ts';
import { sseHeaders } from './sse.ts';

/** GET /api/events[?conversation=][&after=][&html=1]: what happens, as server-sent events. */
export function feedRoute(deps: Pick<WebDeps, 'conversations'>, feed: Feed): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  app.get('/events', async (c) => {
    const conversation = await knownConversation(deps, c.req.query('conversation'));
    // The header is newer: a browser that reconnects sends it beside the address it first asked for.
    const after = parseSeq(c.req.header('last-event-id') ?? c.req.query('after'));
    const stream = feed.open({ conversation, after, html: c.req.query('html') === '1' });
    return c.body(stream, 200, { ...sseHeaders });
  });
  return app;
}

async function knownConversation(
  deps: Pick<WebDeps, 'conversations'>,
  id: string | undefined,
): Promise<ConversationId | null> {
  if (id === undefined || id === '') return null;
  if (isConversationId(id) && (await deps.conversations.get(id)) !== null) return id;
  throw httpProblem('not-found', 'There is no such conversation.');
}

function parseSeq(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new TiroError('bad-input', 'Last-Event-ID: must be the number of a step.');
}
