import * as baileys from 'baileys';
import { Agent } from 'node:https';
import { expect, test } from 'vitest';
import { createTestDeps, createTestSink } from '#test/fakes/sink.ts';
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
