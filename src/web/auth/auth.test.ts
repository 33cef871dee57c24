import { expect, test } from 'vitest';
import { testToken, testWeb } from '../testing/web.ts';

type Web = ReturnType<typeof testWeb>;

/** A clock that stands still until it is moved. */
function fakeClock() {
  const clock = { at: 1_800_000_000_000 };
  return {
    now: () => clock.at,
    elapsed: () => clock.at,
    sleep: () => Promise.resolve(),
    after: () => () => undefined,
    move: (ms: number) => {
      clock.at += ms;
    },
  };
}

const cookieOf = (response: Response): string => response.headers.get('set-cookie')?.split(';')[0] ?? '';

async function login(web: Web): Promise<string> {
  const link = new URL(await web.web.mintLoginLink());
  return cookieOf(await web.request(link.pathname + link.search, { auth: false }));
}

test.each(['/api/status', '/api/events', '/api/conversations', '/v1/models'])(
  '%s wants the token, the whole token and nothing but the token',
  async (path) => {
    const web = testWeb();
    const ask = (authorization?: string): Promise<Response> =>
      web.request(path, { auth: false, headers: authorization === undefined ? {} : { authorization } });
    for (const wrong of [
      undefined,
      '',
      'Bearer',
      'Bearer x',
      `Bearer ${testToken}x`,
      `Basic ${testToken}`,
      testToken,
    ]) {
      expect((await ask(wrong)).status, wrong).toBe(401);
    }
    const right = await ask(`Bearer ${testToken}`);
    expect(right.status).toBe(200);
    await right.body?.cancel();
  },
);

test('refusals say what is missing, in the shape of the door', async () => {
  const web = testWeb();
  const api = await web.request('/api/status', { auth: false });
  expect(await api.json()).toEqual({ error: { code: 'unauthorized', message: expect.any(String) } });
  const openai = await web.request('/v1/models', { auth: false });
  expect(await openai.json()).toMatchObject({
    error: { type: 'invalid_request_error', code: 'invalid_api_key' },
  });
});

test('a login link works once, for ten minutes, and not for a program that only looks', async () => {
  const clock = fakeClock();
  const web = testWeb({ clock });
  const link = new URL(await web.web.mintLoginLink());
  const path = link.pathname + link.search;
  await web.request(path, { auth: false, method: 'HEAD' });
  const first = await web.request(path, { auth: false });
  expect(first.status).toBe(303);
  expect(first.headers.get('location')).toBe('/');
  expect(first.headers.get('set-cookie')).toMatch(
    /^tiro_session=[0-9a-f]{64}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  expect((await web.request(path, { auth: false })).status).toBe(401);

  const late = new URL(await web.web.mintLoginLink());
  clock.move(10 * 60_000);
  expect((await web.request(late.pathname + late.search, { auth: false })).status).toBe(401);
});

test('behind https the cookie is Secure', async () => {
  const web = testWeb();
  const link = new URL(await web.web.mintLoginLink());
  const headers = { 'x-forwarded-proto': 'https' };
  const response = await web.request(link.pathname + link.search, { auth: false, headers });
  expect(response.headers.get('set-cookie')).toContain('Secure');
});

test('a session opens the page and the API, survives a restart, and ends with the token or after 30 days', async () => {
  const clock = fakeClock();
  const web = testWeb({ clock });
  const cookie = await login(web);
  const asks = (to: Web): Promise<Response> =>
    to.request('/api/status', { auth: false, headers: { cookie } });
  expect((await asks(web)).status).toBe(200);
  expect(await (await web.request('/', { auth: false, headers: { cookie } })).text()).toContain(
    'id="composer"',
  );

  const { state } = web.deps;
  const restarted = testWeb({ clock, state });
  expect((await asks(restarted)).status).toBe(200);
  expect((await asks(testWeb({ clock, state, token: 'another' }))).status).toBe(401);
  clock.move(30 * 24 * 3_600_000);
  expect((await asks(testWeb({ clock, state }))).status).toBe(401);
});

test('the secret of a session is not in the store', async () => {
  const web = testWeb();
  const saved: string[] = [];
  const { state } = web.deps;
  const spied = testWeb({
    state: { ...state, set: async (row) => (saved.push(JSON.stringify(row)), state.set(row)) },
  });
  const cookie = await login(spied);
  expect(saved).toHaveLength(1);
  expect(saved[0]).not.toContain(cookie.slice('tiro_session='.length));
});

test('logging out ends the session', async () => {
  const web = testWeb();
  const cookie = await login(web);
  const headers = { cookie, 'sec-fetch-site': 'same-origin' };
  expect((await web.request('/api/logout', { auth: false, method: 'POST', headers })).status).toBe(200);
  expect((await web.request('/api/status', { auth: false, headers })).status).toBe(401);
});

test.each([
  { why: 'no origin at all', headers: {}, status: 403 },
  { why: 'another site', headers: { 'sec-fetch-site': 'cross-site' }, status: 403 },
  { why: 'another port of this machine', headers: { origin: 'http://localhost:3000' }, status: 403 },
  { why: 'an opaque origin', headers: { origin: 'null' }, status: 403 },
  {
    why: 'an origin that only begins alike',
    headers: { origin: 'http://localhost:4180.evil.example' },
    status: 403,
  },
  {
    why: 'a forged origin beside an honest browser',
    headers: { origin: 'http://localhost:4180', 'sec-fetch-site': 'same-site' },
    status: 403,
  },
  { why: 'our own page', headers: { 'sec-fetch-site': 'same-origin' }, status: 202 },
  { why: 'our own page in an older browser', headers: { origin: 'http://localhost:4180' }, status: 202 },
])('under a cookie a change from $why is answered $status', async ({ headers, status }) => {
  const web = testWeb();
  const cookie = await login(web);
  const body = JSON.stringify({ text: 'hello' });
  const init = { method: 'POST', body, headers: { ...headers, cookie, host: 'localhost:4180' } };
  expect((await web.request('/api/messages', { ...init, auth: false })).status).toBe(status);
  expect(web.kernel.submissions).toHaveLength(status === 202 ? 1 : 0);
});

test('a wrong token is refused even beside a good cookie', async () => {
  const web = testWeb();
  const cookie = await login(web);
  const headers = { cookie, authorization: 'Bearer wrong' };
  expect((await web.request('/api/status', { auth: false, headers })).status).toBe(401);
});

test('the form takes the token; five wrong ones a minute and it waits', async () => {
  const clock = fakeClock();
  const web = testWeb({ clock });
  const post = (token: string): Promise<Response> =>
    web.request('/login', { auth: false, method: 'POST', body: new URLSearchParams({ token }) });
  for (let i = 0; i < 5; i += 1) expect((await post('wrong')).status).toBe(401);
  const refused = await post(testToken);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('60');
  expect(refused.headers.get('set-cookie')).toBe(null);
  clock.move(60_001);
  const taken = await post(testToken);
  expect(taken.status).toBe(303);
  expect(cookieOf(taken)).toMatch(/^tiro_session=/);
});

test.each([
  { host: 'localhost:4180', bound: '127.0.0.1', status: 200 },
  { host: '127.0.0.1:9', bound: 'localhost', status: 200 },
  { host: '[::1]:4180', bound: '::1', status: 200 },
  { host: 'LOCALHOST', bound: '127.0.0.1', status: 200 },
  { host: 'evil.example', bound: '127.0.0.1', status: 403 },
  { host: 'localhost.evil.example:4180', bound: '127.0.0.1', status: 403 },
  { host: '127.0.0.1.nip.example', bound: '127.0.0.1', status: 403 },
  { host: 'tiro.example', bound: '0.0.0.0', status: 200 },
])('bound to $bound, a request for $host is answered $status', async ({ host, bound, status }) => {
  const web = testWeb({}, { host: bound, port: 4180 });
  for (const path of ['/', '/api/status', '/v1/models', '/readyz']) {
    expect((await web.request(path, { headers: { host } })).status, path).toBe(status);
  }
});

test('every page forbids inline scripts, frames, sniffing and telling others where one came from', async () => {
  const web = testWeb();
  const headers = { cookie: await login(web) };
  for (const path of ['/', '/status', '/login', '/assets/app.js', '/nothing']) {
    const response = await web.request(path, { auth: false, headers });
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy, path).toContain("script-src 'self';");
    expect(policy, path).toContain("frame-ancestors 'none'");
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('access-control-allow-origin')).toBe(null);
    const text = await response.text();
    expect(text, path).not.toMatch(/<script(?![^>]*src=)|\son[a-z]+=|style="/);
  }
});
