import { type Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ClockPort } from '#core/ports/clock.ts';
import { isSameSecret } from '#lib/hash.ts';
import type { WebEnv } from '../deps.ts';
import { readBytes } from '../http/body.ts';
import { loginPage } from '../pages/login.ts';
import { createAttempts } from './attempts.ts';
import { hasSession, sessionCookie } from './guard.ts';
import { type Sessions, sessionLifeSeconds } from './sessions.ts';

const formLimitBytes = 16 * 1024;
const wrongCode = 'This link was used before or is too old. Start the gateway again to get a new one.';

/** A one-time link or the token in, a cookie out. Five wrong tries a minute and address, then a pause. */
export function loginRoutes(deps: {
  readonly sessions: Sessions;
  readonly clock: ClockPort;
  readonly token: string;
}): Hono<WebEnv> {
  const { sessions, clock } = deps;
  const app = new Hono<WebEnv>();
  const attempts = createAttempts({ clock }, { max: 5, windowMs: 60_000 });

  app.get('/login', async (c) => {
    const code = c.req.query('code');
    // A program that only looks at links (HEAD) must not use them up.
    if (code === undefined || c.req.method !== 'GET') {
      return (await hasSession(c, sessions)) ? c.redirect('/', 303) : c.html(loginPage(null));
    }
    const wait = attempts.waitMs(addressOf(c));
    if (wait > 0) return tooOften(c, wait);
    const secret = await sessions.redeem(code);
    if (secret !== null) return enter(c, secret);
    // The link was opened twice in the same browser.
    if (await hasSession(c, sessions)) return c.redirect('/', 303);
    attempts.failed(addressOf(c));
    return c.html(loginPage(wrongCode), 401);
  });

  app.post('/login', async (c) => {
    const wait = attempts.waitMs(addressOf(c));
    if (wait > 0) return tooOften(c, wait);
    const form = new URLSearchParams(new TextDecoder().decode(await readBytes(c.req.raw, formLimitBytes)));
    if (isSameSecret(form.get('token')?.trim() ?? '', deps.token)) return enter(c, await sessions.open());
    attempts.failed(addressOf(c));
    return c.html(loginPage('That is not the token.'), 401);
  });

  /** Behind the guard of /api: only our own page can log the browser out. */
  app.post('/api/logout', async (c) => {
    const secret = getCookie(c, sessionCookie);
    if (secret !== undefined) await sessions.close(secret);
    deleteCookie(c, sessionCookie, { path: '/' });
    return c.json({ loggedOut: true });
  });
  return app;
}

function enter(c: Context<WebEnv>, secret: string): Response {
  setCookie(c, sessionCookie, secret, {
    httpOnly: true,
    sameSite: 'Strict',
    secure: isHttps(c),
    path: '/',
    maxAge: sessionLifeSeconds,
  });
  return c.redirect('/', 303);
}

function tooOften(c: Context<WebEnv>, waitMs: number): Response | Promise<Response> {
  const seconds = Math.ceil(waitMs / 1000);
  c.header('retry-after', String(seconds));
  return c.html(loginPage(`Too many wrong tries. Wait ${seconds} seconds.`), 429);
}

/** Encrypted up to us, or up to a proxy in front of us. */
function isHttps(c: Context<WebEnv>): boolean {
  return (
    new URL(c.req.url).protocol === 'https:' ||
    c.env?.incoming?.socket.encrypted === true ||
    c.req.header('x-forwarded-proto') === 'https'
  );
}

function addressOf(c: Context<WebEnv>): string {
  return c.env?.incoming?.socket.remoteAddress ?? 'unknown';
}
