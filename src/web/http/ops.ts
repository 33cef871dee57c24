import { Hono } from 'hono';
import type { WebDeps, WebEnv, WebOptions } from '../deps.ts';
import { createHookDoors } from './hooks.ts';
import { createMetrics } from './metrics.ts';

/** What other programs ask without a login: alive, ready, metrics, and the signed webhooks of the channels. */
export function opsRoutes(deps: WebDeps, options: WebOptions): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  const metrics = createMetrics(deps, options);
  const askHook = createHookDoors(deps);

  app.get('/healthz', (c) => c.json({ ok: true, name: 'tiro' }));

  app.get('/readyz', (c) => {
    const { ready, notReady } = deps.readiness();
    return c.json({ ready, notReady }, ready ? 200 : 503);
  });

  app.get('/metrics', async (c) => {
    const page = await metrics.scrape();
    return c.body(page.text, 200, { 'content-type': page.contentType });
  });

  app.all('/hooks/:name', (c) => askHook(c.req.param('name'), c.req.raw));
  return app;
}
