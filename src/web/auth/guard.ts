import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { isSameSecret } from '#lib/hash.ts';
import type { Via, WebEnv } from '../deps.ts';
import { httpProblem } from '../http/problem.ts';
import type { Sessions } from './sessions.ts';

export const sessionCookie = 'tiro_session';

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * A name that an attacker points at 127.0.0.1 must not reach a gateway that listens for this machine only: its Host
 * would be that name. Hooks are signed and may come through a tunnel under any name.
 */
export function guardHost(bound: string): MiddlewareHandler<WebEnv> {
  const onlyLoopback = loopbackHosts.has(bound) || bound === '::1';
  return async (c, next) => {
    const host = c.req.header('host') ?? new URL(c.req.url).host;
    const name = host.replace(/:\d*$/, '').toLowerCase();
    if (onlyLoopback && !loopbackHosts.has(name) && !c.req.path.startsWith('/hooks/')) {
      throw httpProblem('forbidden', 'This gateway answers only under localhost, 127.0.0.1 and [::1].');
    }
    await next();
  };
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Remote images are off with the rest: a link in an answer must not tell a server that it was read. */
export const securityHeaders: MiddlewareHandler<WebEnv> = async (c, next) => {
  await next();
  const headers = c.res.headers;
  headers.set('content-security-policy', policy);
  headers.set('x-content-type-options', 'nosniff');
  headers.set('x-frame-options', 'DENY');
  headers.set('referrer-policy', 'no-referrer');
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-resource-policy', 'same-origin');
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
};

/** Bearer token, nothing else: what no browser sends by itself. */
export function requireBearer(token: string): MiddlewareHandler<WebEnv> {
  return async (c, next) => {
    if (bearerState(c, token) !== 'right') throw unauthorized();
    c.set('via', 'api');
    await next();
  };
}

/** Bearer token or login cookie; what changes something under a cookie must come from our own page. */
export function requireOwner(token: string, sessions: Sessions): MiddlewareHandler<WebEnv> {
  return async (c, next) => {
    const via = await identify(c, { token, sessions });
    if (via === null) throw unauthorized();
    const changes = !['GET', 'HEAD', 'OPTIONS'].includes(c.req.method);
    if (via === 'web' && changes && !isSameOrigin(c)) {
      throw httpProblem('forbidden', 'This request did not come from the page of this gateway.');
    }
    c.set('via', via);
    await next();
  };
}

export async function hasSession(c: Context<WebEnv>, sessions: Sessions): Promise<boolean> {
  const secret = getCookie(c, sessionCookie);
  return secret !== undefined && (await sessions.isOpen(secret));
}

async function identify(
  c: Context<WebEnv>,
  owner: { readonly token: string; readonly sessions: Sessions },
): Promise<Via | null> {
  const bearer = bearerState(c, owner.token);
  // A wrong token is refused even beside a good cookie: the caller meant it.
  if (bearer !== 'absent') return bearer === 'right' ? 'api' : null;
  return (await hasSession(c, owner.sessions)) ? 'web' : null;
}

function bearerState(c: Context<WebEnv>, token: string): 'absent' | 'right' | 'wrong' {
  const header = c.req.header('authorization');
  if (header === undefined) return 'absent';
  const given = /^Bearer\s+(\S+)\s*$/i.exec(header)?.[1];
  return given !== undefined && isSameSecret(given, token) ? 'right' : 'wrong';
}

/** Browsers send Sec-Fetch-Site on https and localhost, Origin on every POST; a caller with neither is none of ours. */
function isSameOrigin(c: Context<WebEnv>): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = c.req.header('origin');
  if (origin === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === (c.req.header('host') ?? new URL(c.req.url).host);
}

function unauthorized(): Error {
  return httpProblem('unauthorized', 'Send the token as `Authorization: Bearer …`, or log in on the page.');
}
