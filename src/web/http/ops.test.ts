import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import { testWeb } from '../testing/web.ts';

test('alive is not ready: readiness names the channels that are missing', async () => {
  const state = { ready: true, notReady: [] as string[] };
  const web = testWeb({ readiness: () => state });
  const ask = (path: string): Promise<Response> => web.request(path, { auth: false });
  expect((await ask('/healthz')).status).toBe(200);
  expect((await ask('/readyz')).status).toBe(200);
  Object.assign(state, { ready: false, notReady: ['telegram'] });
  const notReady = await ask('/readyz');
  expect(notReady.status).toBe(503);
  expect(await notReady.json()).toEqual({ ready: false, notReady: ['telegram'] });
  expect((await ask('/healthz')).status).toBe(200);
});

test('metrics show the status as gauges, beside the process itself', async () => {
  const web = testWeb();
  await web.request('/metrics', { auth: false });
  const page = await (await web.request('/metrics', { auth: false })).text();
  for (const line of [
    'tiro_info{version="0.1.0",model="main/test"} 1',
    'tiro_channel_up{channel="web"} 1',
    'tiro_channel_up{channel="telegram"} 0',
    'tiro_channel_changes_total{channel="telegram"} 3',
    'tiro_events{status="done"} 7',
    'tiro_outbox{status="dead"} 1',
    'tiro_spent_today_usd 0.42',
    'tiro_event_loop_p99_seconds 0.0017',
    'tiro_ready 0',
  ]) {
    expect(page).toContain(`\n${line}\n`);
  }
  expect(page).toMatch(/\ntiro_channel_last_event_age_seconds\{channel="web"\} [\d.]+\n/);
  // Two scrapes do not add up, and who heard nothing has no age.
  expect(page).not.toContain('age_seconds{channel="telegram"}');
  expect(page).toContain('nodejs_eventloop_lag_p99_seconds');
  expect(page).toContain('process_resident_memory_bytes');
});

test('a hook gets the request as it came, under any host name, and an unknown one is not found', async () => {
  const seen: { text: string; signature: string | null; method: string }[] = [];
  const hook = async (request: Request): Promise<Response> => {
    seen.push({
      text: await request.text(),
      signature: request.headers.get('x-signature'),
      method: request.method,
    });
    return new Response('taken', { status: 201 });
  };
  const web = testWeb({ hooks: new Map([['ci', { maxBytes: 1_000, handle: hook }]]) });
  const headers = { 'x-signature': 's1', host: 'tunnel.example' };
  const init = { auth: false, method: 'POST', headers, body: '{"a": 1}' };
  const response = await web.request('/hooks/ci', init);
  expect(response.status).toBe(201);
  expect(await response.text()).toBe('taken');
  expect(seen).toEqual([{ text: '{"a": 1}', signature: 's1', method: 'POST' }]);
  expect((await web.request('/hooks/nobody', init)).status).toBe(404);
  const huge = { ...init, body: 'x'.repeat(1_001) };
  expect((await web.request('/hooks/ci', huge)).status).toBe(413);
});

test('a hook that stored nothing says so: the platform sends it again', async () => {
  const hook = (): Promise<Response> =>
    Promise.reject(new TiroError('store-unavailable', 'The disk is full.'));
  const web = testWeb({ hooks: new Map([['ci', { maxBytes: 1_000, handle: hook }]]) });
  expect((await web.request('/hooks/ci', { auth: false, method: 'POST' })).status).toBe(503);
});

test('a taken port is said in words, with who has it and what to do', async () => {
  const first = testWeb();
  const { url } = await first.web.start();
  const port = Number(new URL(url).port);
  const second = testWeb({}, { host: '127.0.0.1', port });
  await expect(second.web.start()).rejects.toMatchObject({
    code: 'unavailable',
    message: `Port ${port} on 127.0.0.1 is taken by another Tiro gateway. Stop it, or choose another port: tiro start --port ${port + 1}`,
  });
  await first.web.stop();
  await second.web.start();
  await second.web.stop();
});

test('stopping ends open streams instead of waiting for them', async () => {
  const { web } = testWeb();
  const { url } = await web.start();
  const response = await fetch(`${url}/api/events`, {
    headers: { authorization: 'Bearer a-token-for-tests' },
  });
  const rest = response.text();
  await web.stop();
  expect(await rest).toContain('retry: 1000');
});
