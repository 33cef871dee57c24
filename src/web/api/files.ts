import { Hono } from 'hono';
import { cleanFileName } from '#lib/text/file-name.ts';
import type { WebDeps, WebEnv } from '../deps.ts';
import { httpProblem } from '../http/problem.ts';

/** GET /api/files/out/KEY/NAME: a file that Tiro made, to be saved and never shown: its words are a model's. */
export function fileRoutes({ files }: Pick<WebDeps, 'files'>): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  app.get('/files/out/:key/:name', async (c) => {
    const { key, name } = c.req.param();
    const isOurs = /^[A-Za-z0-9_-]{1,128}$/.test(key) && cleanFileName(name) === name;
    const bytes = isOurs ? await files.read(`files/out/${key}/${name}`) : null;
    if (bytes === null) throw httpProblem('not-found', 'There is no such file; files are kept for 30 days.');
    return new Response(bytes, {
      headers: {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      },
    });
  });
  return app;
}
