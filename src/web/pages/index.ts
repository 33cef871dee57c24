import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { ConversationId } from '#core/ids.ts';
import { hasSession } from '../auth/guard.ts';
import type { Sessions } from '../auth/sessions.ts';
import { type WebDeps, type WebEnv, type WebOptions, isConversationId } from '../deps.ts';
import { httpProblem } from '../http/problem.ts';
import { channelPage, channelPieceHtml } from './channel/page.ts';
import { chatPage } from './chat.ts';
import { loginPage } from './login.ts';
import { peoplePage, peoplePieceHtml } from './people/page.ts';
import { approvalsHtml, conversationsHtml } from './pieces.ts';
import { statusHtml, statusPage } from './status.ts';
import { createViews } from './views.ts';

const ownerChat = 'web:owner';

/** The pages for a browser with a session, and the pieces their scripts fetch anew. */
export function pageRoutes(deps: WebDeps, options: WebOptions, sessions: Sessions): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  const views = createViews(deps, options);
  const page: MiddlewareHandler<WebEnv> = async (c, next) =>
    (await hasSession(c, sessions)) ? next() : c.html(loginPage(null));
  const piece: MiddlewareHandler<WebEnv> = async (c, next) => {
    if (!(await hasSession(c, sessions))) throw httpProblem('unauthorized', 'The session has ended.');
    return next();
  };

  app.get('/', page, async (c) => {
    const all = await views.conversations();
    const conversation = all.find(({ chat, open }) => chat === ownerChat && open) ?? null;
    return c.html(chatPage(await views.chat({ conversation, fresh: false, all: false })));
  });
  app.get('/new', page, async (c) =>
    c.html(chatPage(await views.chat({ conversation: null, fresh: true, all: false }))),
  );
  app.get('/c/:id', page, async (c) => {
    const id = c.req.param('id');
    const conversation = isConversationId(id) ? await deps.conversations.get(id) : null;
    if (conversation === null) throw httpProblem('not-found', 'There is no such conversation.');
    return c.html(
      chatPage(await views.chat({ conversation, fresh: false, all: c.req.query('all') === '1' })),
    );
  });
  app.get('/status', page, async (c) => c.html(statusPage(await views.status())));

  app.get('/channels/:name', page, async (c) =>
    c.html(channelPage(found(await views.channel(c.req.param('name'))))),
  );

  app.get('/people', page, async (c) => c.html(peoplePage(await views.people(), deps.clock.now())));

  app.get('/page/people', piece, async (c) =>
    c.html(peoplePieceHtml(await views.people(), deps.clock.now())),
  );
  app.get('/page/channels/:name', piece, async (c) =>
    c.html(channelPieceHtml(found(await views.channel(c.req.param('name'))))),
  );
  app.get('/page/status', piece, async (c) => c.html(statusHtml(await views.status())));
  app.get('/page/conversations', piece, async (c) =>
    c.html(conversationsHtml(await views.conversations(), currentOf(c))),
  );
  app.get('/page/approvals', piece, async (c) =>
    c.html(approvalsHtml(await views.approvals(), currentOf(c))),
  );
  return app;
}

function found<T>(view: T | null): T {
  if (view === null) throw httpProblem('not-found', 'No phone is linked to a channel of this name.');
  return view;
}

function currentOf(c: Context<WebEnv>): ConversationId | null {
  const current = c.req.query('current') ?? '';
  return isConversationId(current) ? current : null;
}
