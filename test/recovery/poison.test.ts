import { expect, test } from 'vitest';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { StorePort } from '#core/store/store.ts';
import { type World, startWorld } from '#test/e2e/world.ts';
import { until } from '#test/until.ts';

const shows = (world: World, words: string): boolean =>
  world.telegram.messages(7).some(({ text }) => text.includes(words));

test('updates of no known shape are skipped, and the message behind them is answered', async () => {
  await using world = await startWorld();
  const { telegram } = world;
  telegram.push({ message: null });
  telegram.push({ message: { text: 5, chat: 'nowhere', from: [] } });
  telegram.push({
    message: { message_id: 1, date: 'today', chat: { id: {}, type: 'private' }, from: { id: null } },
  });
  telegram.push({ callback_query: 'pressed' });
  telegram.push({ edited_message: { chat: { id: 7 } } });
  telegram.userText('hello');
  await until('it is answered', () => shows(world, 'You said: hello'));
  await until('all are confirmed', () => telegram.pending.length === 0);
});

test('an adapter that throws for one delivery: it is tried again, and the other chats do not wait', async () => {
  let calls = 0;
  const breaks = (adapter: AdapterPort): AdapterPort => ({
    ...adapter,
    send: (delivery, signal) => {
      if (!JSON.stringify(delivery.body).includes('POISON')) return adapter.send(delivery, signal);
      calls += 1;
      throw new Error('a defect of the adapter');
    },
  });
  const config = '  bob: { role: member, identities: ["telegram:8"] }';
  await using world = await startWorld({ config, gateway: { seams: { adapter: breaks } } });
  world.telegram.userText('POISON');
  await until('it was tried', () => calls > 0);
  const from = { id: 8, is_bot: false, first_name: 'Bob' };
  world.telegram.userText('hello', { from, chat: { id: 8, type: 'private' } });
  await until('Bob is answered', () => world.telegram.messages(8).length > 0);
  const [row] = await world.run('outbox.list', { status: 'queued', limit: 9 });
  expect(row?.reason).toContain('a defect of the adapter');
});

test('a command that always throws is given up in words after five tries, and other commands are answered meanwhile', async () => {
  let tries = 0;
  const breaks = (store: StorePort): StorePort => ({
    ...store,
    spend: {
      ...store.spend,
      byDay: () => {
        tries += 1;
        return Promise.reject(new TypeError('a defect of /spend'));
      },
    },
  });
  await using world = await startWorld({ gateway: { seams: { store: breaks } } });
  world.telegram.userText('/spend');
  await until('it was tried', () => tries > 0);
  world.telegram.userText('/help');
  await until('it is given up', () => shows(world, 'this command failed'));
  await until('the other is answered', () => shows(world, '/status'));
  expect(tries).toBe(5);
});
