import { Hono } from 'hono';
import { readFile } from 'node:fs/promises';
import { sha256Hex } from '#lib/hash.ts';
import type { WebEnv } from '../deps.ts';
import { httpProblem } from '../http/problem.ts';

const folder = new URL('../assets/', import.meta.url);
const typeByEnding: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The files the pages may load, by name; a name outside this list is no file. */
const names = new Set([
  'app.js',
  'approvals.js',
  'channel.js',
  'composer.js',
  'feed.js',
  'page.js',
  'people.js',
  'sidebar.js',
  'status.js',
  'thread.js',
  'base.css',
  'chat.css',
  'icon.svg',
]);

interface Asset {
  readonly text: string;
  readonly etag: string;
  readonly type: string;
}

/** GET /assets/:name: read once, then from memory; browsers ask again with the etag, so an update shows at once. */
export function assetRoutes(): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  const loaded = new Map<string, Promise<Asset>>();

  app.get('/assets/:name', async (c) => {
    const name = c.req.param('name');
    if (!names.has(name)) throw httpProblem('not-found', 'There is no such file.');
    const asset = await (loaded.get(name) ?? load(name));
    const headers = { etag: asset.etag, 'cache-control': 'no-cache' };
    if (c.req.header('if-none-match') === asset.etag) return c.body(null, 304, headers);
    return c.body(asset.text, 200, { ...headers, 'content-type': asset.type });
  });
  return app;

  function load(name: string): Promise<Asset> {
    const loading = readAsset(name);
    loaded.set(name, loading);
    loading.catch(() => loaded.delete(name));
    return loading;
  }
}

async function readAsset(name: string): Promise<Asset> {
  const text = await readFile(new URL(name, folder), 'utf8');
  const type = typeByEnding[name.split('.').at(-1) ?? ''] ?? 'text/plain';
  return { text, etag: `"${sha256Hex(text).slice(0, 16)}"`, type };
}
