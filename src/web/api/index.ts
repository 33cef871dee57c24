import { Hono } from 'hono';
import { type WebDeps, type WebEnv, type WebOptions, actorOf, isConversationId } from '../deps.ts';
import type { Feed } from '../feed/feed.ts';
import { feedRoute } from '../feed/route.ts';
import { mebibyte, readJson } from '../http/body.ts';
import { httpProblem } from '../http/problem.ts';
import { approvalRoutes } from './approvals.ts';
import { fileRoutes } from './files.ts';
import { messageRoutes } from './messages.ts';

const listLimit = 200;

/** Everything under /api, for a caller who is known to be the owner. Shapes: docs/api.md. */
export function apiRoutes(deps: WebDeps, options: WebOptions, feed: Feed): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  app.route('/', messageRoutes(deps));
  app.route('/', approvalRoutes(deps, options));
  app.route('/', feedRoute(deps, feed));
  app.route('/', fileRoutes(deps));

  app.get('/status', async (c) =>
    c.json(await deps.control.run('status', {}, actorOf(options, c.get('via')))),
  );

  app.get('/conversations', async (c) =>
    c.json(await deps.conversations.list({ person: null, limit: listLimit })),
  );

  app.get('/conversations/:id', async (c) => {
    const id = c.req.param('id');
    const conversation = isConversationId(id) ? await deps.conversations.get(id) : null;
    if (conversation === null) throw httpProblem('not-found', 'There is no such conversation.');
    return c.json({ conversation, steps: await deps.steps.ofConversation(conversation.id) });
  });

  app.post('/control/:name', async (c) => {
    const input = await readJson(c.req.raw, mebibyte);
    const output = await deps.control.runUntrusted(
      c.req.param('name'),
      input,
      actorOf(options, c.get('via')),
    );
    return c.json(output ?? null);
  });
  return app;
}
