import { expect, test } from 'vitest';
import { readdir } from 'node:fs/promises';
import { type TestWeb, testWeb } from '../testing/web.ts';

const attack = '<img src=x onerror="alert(1)">\'"';

/** Requests of a browser that is logged in. */
async function browse(web: TestWeb): Promise<(path: string) => Promise<Response>> {
  const link = new URL(await web.web.mintLoginLink());
  const login = await web.request(link.pathname + link.search, { auth: false });
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
  return (path) => web.request(path, { auth: false, headers: { cookie } });
}

async function tell(web: TestWeb, text: string): Promise<void> {
  const before = web.kernel.turns.size;
  const body = JSON.stringify({ text, channel: 'web' });
  await web.request('/api/messages', { method: 'POST', body });
  await expect.poll(() => web.kernel.turns.size).toBe(before + 1);
}

test.each(['/', '/new', '/status', '/c/cnv_000001'])(
  'without a session %s shows how to log in, and nothing else',
  async (path) => {
    const web = testWeb();
    await tell(web, 'a secret');
    const page = await (await web.request(path, { auth: false })).text();
    expect(page).toContain('tiro start');
    expect(page).toContain('name="token"');
    expect(page).not.toContain('a secret');
  },
);

test.each(['/page/conversations', '/page/approvals', '/page/status'])(
  'the piece %s wants a session',
  async (path) => {
    const response = await testWeb().request(path, { auth: false });
    expect(response.status).toBe(401);
  },
);

test('the page goes on with the open conversation; others have addresses of their own', async () => {
  const web = testWeb();
  const browser = await browse(web);
  expect(await (await browser('/')).text()).toContain('data-conversation=""');
  await tell(web, 'first');
  const page = await (await browser('/')).text();
  expect(page).toContain('data-conversation="cnv_000001"');
  expect(page).toContain('You said: first');
  expect(page).toContain(`data-seq="${web.kernel.steps.length}"`);
  expect(await (await browser('/new')).text()).toContain('data-fresh="1"');
  expect((await browser('/c/cnv_none')).status).toBe(404);
  expect((await browser('/nothing')).status).toBe(404);
});

test('what people, tools and approvals say is text, wherever it is shown', async () => {
  const web = testWeb();
  web.kernel.script = (turn) => {
    turn.step({ kind: 'result', callId: 'c', tool: attack, outcome: 'ok', content: attack });
    turn.step({ kind: 'notice', text: attack });
    turn.reply(attack);
    turn.ask({ id: '7F3K', tool: attack, arguments: JSON.stringify({ text: attack }) });
  };
  await tell(web, attack);
  const browser = await browse(web);
  for (const path of ['/', '/page/conversations', '/page/approvals?current=cnv_000001']) {
    const page = await (await browser(path)).text();
    expect(page, path).toContain('&lt;img src=x');
    expect(page, path).not.toContain('<img src=x');
  }
});

test('conversations made for one unnamed API request are not in the list', async () => {
  const web = testWeb();
  const messages = [{ role: 'user', content: 'by program' }];
  await web.request('/v1/chat/completions', { method: 'POST', body: JSON.stringify({ messages }) });
  await tell(web, 'by hand');
  const list = await (await (await browse(web))('/page/conversations')).text();
  expect(list).toContain('by hand');
  expect(list).not.toContain('by program');
});

test('a long conversation is drawn from its end, and whole when asked', async () => {
  const web = testWeb();
  await tell(web, 'the very first');
  for (let i = 0; i < 400; i += 1) web.kernel.say('cnv_000001', { kind: 'notice', text: `notice ${i}` });
  const browser = await browse(web);
  const page = await (await browser('/c/cnv_000001')).text();
  expect(page).toContain('notice 399');
  expect(page).not.toContain('notice 42<');
  expect(page).toContain('/c/cnv_000001?all=1');
  expect(await (await browser('/c/cnv_000001?all=1')).text()).toContain('You said: the very first');
});

test('every asset is served with an etag, and nothing beside them', async () => {
  const web = testWeb();
  const names = await readdir(new URL('../assets/', import.meta.url));
  for (const name of names) {
    const response = await web.request(`/assets/${name}`, { auth: false });
    expect(response.status, name).toBe(200);
    const etag = response.headers.get('etag') ?? '';
    const again = await web.request(`/assets/${name}`, { auth: false, headers: { 'if-none-match': etag } });
    expect(again.status, name).toBe(304);
  }
  for (const path of ['..%2findex.ts', '%2e%2e%2f%2e%2e%2findex.ts', 'nothing.js', 'constructor']) {
    expect((await web.request(`/assets/${path}`, { auth: false })).status, path).toBe(404);
  }
});
