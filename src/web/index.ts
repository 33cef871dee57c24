import { Hono } from 'hono';
import { messageOf } from '#core/errors.ts';
import { apiRoutes } from './api/index.ts';
import { guardHost, requireBearer, requireOwner, securityHeaders } from './auth/guard.ts';
import { loginRoutes } from './auth/login.ts';
import { type Sessions, createSessions } from './auth/sessions.ts';
import { type WebDeps, type WebEnv, type WebOptions, actorOf } from './deps.ts';
import { type Feed, createFeed } from './feed/feed.ts';
import { opsRoutes } from './http/ops.ts';
import { type Problem, defectProblem, errorToProblem, problemBody } from './http/problem.ts';
import { openaiRoutes } from './openai/index.ts';
import { openaiErrorBody } from './openai/wire.ts';
import { assetRoutes } from './pages/assets.ts';
import { htmlToText } from './pages/html.ts';
import { pageRoutes } from './pages/index.ts';
import { problemPage } from './pages/login.ts';
import { stepToHtml } from './pages/steps.ts';
import { type HttpServer, listen } from './server.ts';

export type { WebDeps, WebOptions } from './deps.ts';
export { hooksOf } from './http/hooks.ts';

export interface WebServer {
  /** Listens. `url` is where; rejects as `unavailable`, in words, when the port is taken. */
  readonly start: () => Promise<{ readonly url: string }>;
  /** The same answers without a port, for tests. */
  readonly app: { readonly fetch: (request: Request) => Promise<Response> };
  /** A link that logs one browser in, once, within 10 minutes. */
  readonly mintLoginLink: () => Promise<string>;
  /** Ends streams and who waits for an answer (their turns go on), then closes. Harmless when not started. */
  readonly stop: () => Promise<void>;
}

/** The HTTP door: health, hooks, the API, the OpenAI-compatible API and the page. Shapes: docs/api.md. */
export function createWeb(deps: WebDeps, options: WebOptions): WebServer {
  const stopping = new AbortController();
  const sessions = createSessions(deps);
  const reader = { renderHtml: deps.renderHtml, owner: actorOf(options, 'web').person };
  const feed = createFeed({ ...deps, runningTurns, stepToHtml: (step) => stepToHtml(step, reader) });
  const app = createApp({ deps, options, sessions, feed, stopping: stopping.signal });
  let server: HttpServer | null = null;
  return { start, app: { fetch: async (request) => app.fetch(request, {}) }, mintLoginLink, stop };

  async function start(): Promise<{ url: string }> {
    server = await listen(deps, options, (request, env) => app.fetch(request, env));
    return { url: server.url };
  }

  async function mintLoginLink(): Promise<string> {
    const url = new URL('/login', server?.url ?? `http://localhost:${options.port}`);
    // "All addresses" is nothing a browser can go to.
    if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = 'localhost';
    url.searchParams.set('code', sessions.mintCode());
    return url.href;
  }

  async function stop(): Promise<void> {
    stopping.abort();
    feed.close();
    await server?.close();
    server = null;
  }

  function runningTurns(conversation: string | null): ReturnType<typeof deps.control.run<'turns.list'>> {
    return deps.control.run(
      'turns.list',
      { status: 'running', conversation, limit: 200 },
      actorOf(options, 'web'),
    );
  }
}

interface AppParts {
  readonly deps: WebDeps;
  readonly options: WebOptions;
  readonly sessions: Sessions;
  readonly feed: Feed;
  readonly stopping: AbortSignal;
}

function createApp({ deps, options, sessions, feed, stopping }: AppParts): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  app.onError((error, c) => {
    const problem = errorToProblem(error);
    if (problem === null) deps.log.error('web.defect', { path: c.req.path, error: messageOf(error) });
    return answerProblem(c.req.path, problem ?? defectProblem);
  });
  app.notFound((c) =>
    answerProblem(c.req.path, { status: 404, code: 'not-found', message: 'There is nothing here.' }),
  );

  app.use('*', securityHeaders, guardHost(options.host));
  app.use('/api/*', requireOwner(deps.token, sessions));
  app.use('/v1/*', requireBearer(deps.token));
  app.route('/', opsRoutes(deps, options));
  app.route('/api', apiRoutes(deps, options, feed));
  app.route('/v1', openaiRoutes(deps, stopping));
  app.route('/', loginRoutes({ ...deps, sessions }));
  app.route('/', assetRoutes());
  app.route('/', pageRoutes(deps, options, sessions));
  return app;
}

/** Each door speaks of errors in its own shape. */
function answerProblem(path: string, problem: Problem): Response {
  const { status } = problem;
  if (path.startsWith('/v1/')) return Response.json(openaiErrorBody(problem), { status });
  if (/^\/(api|hooks|page|metrics|readyz)(\/|$)/.test(path)) {
    return Response.json(problemBody(problem), { status, headers: authenticateHeader(status) });
  }
  return new Response(htmlToText(problemPage(problem)), {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
  });
}

function authenticateHeader(status: number): Record<string, string> {
  return status === 401 ? { 'www-authenticate': 'Bearer' } : {};
}
