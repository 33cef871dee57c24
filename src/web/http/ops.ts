import { Hono } from 'hono';
import type { WebDeps, WebEnv, WebOptions } from '../deps.ts';
import { readBytes } from './body.ts';
import { createMetrics } from './metrics.ts';
import { httpProblem } from './problem.ts';

/** What other programs ask without a login: alive, ready, metrics, and the signed webhooks of the channels. */
export function opsRoutes(deps: WebDeps, options: WebOptions): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  const metrics = createMetrics(deps, options);

  app.get('/healthz', (c) => c.json({ ok: true, name: 'tiro' }));

  app.get('/readyz', (c) => {
    const { ready, notReady } = deps.readiness();
    return c.json({ ready, notReady }, ready ? 200 : 503);
  });

  app.get('/metrics', async (c) => {
    const page = await metrics.scrape();
    return c.body(page.text, 200, { 'content-type': page.contentType });
  });

  app.all('/hooks/:name', async (c) => {
    const hook = deps.hooks.get(c.req.param('name'));
    if (hook === undefined) throw httpProblem('not-found', 'No channel takes webhooks under this name.');
    return hook.handle(await copyRequest(c.req.raw, hook.maxBytes));
  });
  return app;
}

/** A plain Request whose body is in memory and within the limit: an endless one cannot tie an adapter up. */
async function copyRequest(request: Request, maxBytes: number): Promise<Request> {
  const { method, url } = request;
  const headers = new Headers(request.headers);
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
  return new Request(url, { method, headers, body: await readBytes(request, maxBytes) });
}
