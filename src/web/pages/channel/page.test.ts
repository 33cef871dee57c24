import { expect, test } from 'vitest';
import { type TestWeb, testWeb } from '../../testing/web.ts';

/** A browser that is logged in. */
async function browse(web: TestWeb, headers: Readonly<Record<string, string>> = {}) {
  const link = new URL(await web.web.mintLoginLink());
  const login = await web.request(link.pathname + link.search, { auth: false });
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
  return (path: string, init: RequestInit = {}) =>
    web.request(path, { ...init, auth: false, headers: { cookie, ...headers } });
}

const offer = { kind: 'qr', text: 'planted-offer', expiresAt: 0 } as const;

test('the code is drawn as numbers, not as text, and only for a browser that is logged in', async () => {
  const web = testWeb();
  web.link.offer = offer;
  const page = await (await (await browse(web))('/channels/whatsapp')).text();
  expect(page).toContain('<svg xmlns="http://www.w3.org/2000/svg"');
  expect(page).not.toContain('planted-offer');
  expect(page).not.toMatch(/style="|<style|onclick/);
  for (const path of ['/channels/whatsapp', '/page/channels/whatsapp', '/page/status']) {
    expect(await (await web.request(path, { auth: false })).text()).not.toContain('<svg');
  }
  expect((await web.request('/page/channels/whatsapp', { auth: false })).status).toBe(401);
});

test('before it is linked, what that means is told beside the code', async () => {
  const web = testWeb();
  const browser = await browse(web);
  const read = async (): Promise<string> => (await browser('/channels/whatsapp')).text();
  expect(await read()).toContain('terms do not allow it');
  web.link.offer = offer;
  expect(await read()).toContain('terms do not allow it');
  Object.assign(web.link, { offer: null, linked: true });
  expect(await read()).not.toContain('terms do not allow it');
});

test('what is said of the state is text', async () => {
  const web = testWeb();
  web.link.why = '<img src=x onerror=alert(1)>';
  web.link.offer = { kind: 'code', text: '<b>X', expiresAt: 0 };
  const piece = await (await (await browse(web))('/page/channels/whatsapp')).text();
  expect(piece).toContain('&lt;img src=x');
  expect(piece).toContain('&lt;b&gt;X');
});

test('linked is not receiving: the last message is told, or that there was none', async () => {
  const web = testWeb();
  web.link.linked = true;
  const browser = await browse(web);
  const read = async (): Promise<string> => (await browser('/page/channels/whatsapp')).text();
  expect(await read()).toContain('Nothing came in since the start');
  web.link.lastEventAt = Date.UTC(2026, 10, 20, 9);
  expect(await read()).toContain('2026-11-20T09:00:00.000Z');
});

test('a link that is not connected at the moment is not called none, and can be ended', async () => {
  const web = testWeb();
  const browser = await browse(web);
  const read = async (): Promise<string> => (await browser('/channels/whatsapp')).text();
  const page = await read();
  expect(page).toMatch(/data-ending="false"[^>]*>\s*Not linked\s*</);
  expect(page).toMatch(/id="ending"[^>]*hidden/);
  web.link.why = 'the phone removed this gateway; not linked: run this';
  expect(await read()).toMatch(/Not linked: the phone removed this gateway\s*</);
  web.link.why = 'the connection to WhatsApp broke';
  const away = await read();
  expect(away).toContain('Not connected: the connection to WhatsApp broke');
  expect(away).not.toMatch(/id="ending"[^>]*hidden/);
});

test.each(['telegram', 'web', 'nothing', '..%2fstatus', '<b>'])('%s has no such page', async (name) => {
  const browser = await browse(testWeb());
  expect((await browser(`/channels/${name}`)).status).toBe(404);
});

test('unlinking and asking for a code from another site are refused', async () => {
  const web = testWeb();
  web.link.linked = true;
  const body = JSON.stringify({ channel: 'whatsapp' });
  const foreign = await browse(web, { 'sec-fetch-site': 'cross-site' });
  const post = { method: 'POST', body };
  expect((await foreign('/api/control/channels.unlink', post)).status).toBe(403);
  expect(web.link.linked).toBe(true);
  const own = await browse(web, { 'sec-fetch-site': 'same-origin' });
  expect((await own('/api/control/channels.unlink', post)).status).toBe(200);
  expect(web.link.linked).toBe(false);
});

test('the status page leads there', async () => {
  const browser = await browse(testWeb());
  expect(await (await browser('/status')).text()).toContain('href="/channels/whatsapp"');
});
