import { expect, onTestFinished, test } from 'vitest';
import { startTelegramPlatform } from './platform.ts';

const token = '123456:TEST-token-of-the-fake-telegram-platform';

async function start() {
  const platform = await startTelegramPlatform();
  onTestFinished(() => platform.close());
  const call = (method: string, params: object): Promise<Response> =>
    fetch(`${platform.url}/bot${token}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(params),
    });
  return { platform, call };
}

test('trouble meets everything that shows something, and nothing else, until it ends', async () => {
  const { platform, call } = await start();
  platform.trouble('rate-limited');
  expect((await call('sendMessage', { chat_id: 7, text: 'a' })).status).toBe(429);
  expect((await call('sendMessageDraft', { chat_id: 7, draft_id: 1, text: 'a' })).status).toBe(429);
  expect((await call('getMe', {})).status).toBe(200);
  platform.trouble('server-error');
  expect((await call('sendRichMessage', { chat_id: 7, rich_message: { markdown: 'a' } })).status).toBe(500);
  platform.trouble('hang');
  const held = call('sendMessage', { chat_id: 7, text: 'b' }).catch(() => 'cut off');
  await expect.poll(() => platform.sendCalls()).toBe(4);
  platform.trouble(null);
  expect(await held).toBe('cut off');
  expect(platform.shown(0)).toEqual([]);
  expect((await call('sendMessage', { chat_id: 7, text: 'c' })).status).toBe(200);
  expect(platform.shown(0)).toEqual(['c']);
});

test('what a person says can come once more, and keeps the time at which it was said', async () => {
  const { platform, call } = await start();
  const again = platform.say(1, 'hello', 5_000);
  const read = async (offset: number): Promise<unknown> =>
    (await call('getUpdates', { offset, timeout: 0 })).json();
  const first = await read(0);
  expect(first).toMatchObject({
    result: [{ update_id: 100, message: { text: 'hello', date: 5, chat: { id: 8, type: 'private' } } }],
  });
  expect(await read(101)).toMatchObject({ result: [] });
  again();
  expect(await read(101)).toEqual(first);
});
