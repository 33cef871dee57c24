import * as baileys from 'baileys';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent } from 'node:https';
import { expect, onTestFinished, test } from 'vitest';
import { createTestDeps, createTestSink } from '#test/fakes/sink.ts';
import { startLinked } from '#test/fakes/whatsapp/running.ts';
import { createAtFake } from '#test/fakes/whatsapp/seam.ts';
import { until } from '#test/until.ts';
import { buildWhatsApp } from '../index.ts';
import { socketSettings } from './socket.ts';

const getSent = (): Promise<null> => Promise.resolve(null);

test('the product speaks to WhatsApp’s own server, behind a certificate that is checked whatever the environment says', () => {
  const { waWebSocketUrl, agent } = socketSettings({ lib: baileys, getSent, server: null });
  expect(waWebSocketUrl).toBe('wss://web.whatsapp.com/ws/chat');
  expect(agent).toBeInstanceOf(Agent);
  expect(agent instanceof Agent && agent.options.rejectUnauthorized).toBe(true);
});

test('no key of the configuration leads elsewhere', async () => {
  const asked: string[] = [];
  const deps = { ...createTestDeps(), fetch: (url: unknown) => (asked.push(String(url)), fetch('data:,')) };
  const settings = { mode: 'web', server: 'ws://127.0.0.1:9', rootKey: 'AAAA', media: 'http://127.0.0.1:9' };
  const adapter = buildWhatsApp(deps, settings);
  const id = JSON.stringify({
    type: 'image',
    path: '/v/1',
    key: Buffer.alloc(32).toString('base64'),
    sum: '',
  });
  const file = { id, kind: 'image', name: 'x', mime: 'image/png', bytes: null } as const;
  await adapter.fetch?.(file, new AbortController().signal);
  expect(asked).toEqual(['https://mmg.whatsapp.net/v/1']);
  const wrong = {
    ...file,
    id: JSON.stringify({ type: 'image', path: 'https://evil.example', key: '', sum: '' }),
  };
  await expect(adapter.fetch?.(wrong, new AbortController().signal)).rejects.toThrow('no file of WhatsApp');
  await adapter.close();
});

test('settings of neither mode are refused by name', () => {
  expect(() => buildWhatsApp({ ...createTestDeps(), fetch }, { mode: 'else' })).toThrow(/mode/);
});

test('without a start nothing is loaded and nothing connects', async () => {
  const sink = createTestSink();
  const adapter = buildWhatsApp({ ...createTestDeps(), fetch }, { mode: 'web' });
  expect(await adapter.check()).toMatchObject([{ level: 'fail' }, { level: 'warn' }]);
  await adapter.start(sink, AbortSignal.abort());
  expect(sink.states).toEqual([]);
});

test('what another web server answers in place of WhatsApp is no unlinking', async () => {
  const linked = await startLinked();
  await linked.stop();
  const portal = createServer();
  portal.on('upgrade', (_, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'));
  portal.listen(0, '127.0.0.1');
  await once(portal, 'listening');
  onTestFinished(() => void portal.close());
  const place = portal.address();
  const server = `http://127.0.0.1:${typeof place === 'object' ? place?.port : ''}`;
  const rootKey = Buffer.from(linked.fake.rootKey).toString('base64');
  const sink = createTestSink();
  const deps = { ...createTestDeps(), state: linked.state, fetch };
  const adapter = createAtFake(deps, { mode: 'web', server, rootKey, scans: false });
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  await until('it is told', () => sink.states.length > 0);
  expect(sink.states).toEqual([{ state: 'down', why: 'the connection to WhatsApp broke' }]);
  abort.abort();
  await ended;
  const second = await linked.again({ scans: false });
  await second.told(/^connected$/);
});

test('a login that is taken and lost at once is tried ever more seldom', async () => {
  const { fake, sink, slept } = await startLinked();
  const ups = (): number => sink.states.filter(({ state }) => state === 'up').length;
  for (let n = 1; n <= 4; n += 1) {
    await until('it is up again', () => ups() === n);
    fake.cut();
  }
  await until('it is up again', () => ups() === 5);
  expect(slept.filter((ms) => ms >= 1_000).slice(-4)).toEqual([1_000, 2_000, 4_000, 8_000]);
});
