import { expect, test } from 'vitest';
import { delivery, neverAborted, say } from '#test/contract/adapter.ts';
import { createTestSink } from '#test/fakes/sink.ts';
import { createPullAdapter } from './index.ts';

const channels = ['web', 'cli', 'api'] as const;

test.each(channels)('%s is up from the start and ends with the signal', async (name) => {
  const sink = createTestSink();
  const abort = new AbortController();
  const ended = createPullAdapter(name).start(sink, abort.signal);
  expect(sink.states).toMatchObject([{ state: 'up' }]);
  abort.abort();
  await ended;
  await createPullAdapter(name).start(sink, AbortSignal.abort());
});

test.each(channels)('%s is read, never sent to, and ends its dialects with plain', async (name) => {
  const adapter = createPullAdapter(name);
  expect(adapter.abilities).toMatchObject({ delivery: 'pull', sendSemantics: 'idempotent' });
  expect(adapter.abilities.dialects.at(-1)).toBe('plain');
  const sent = await adapter.send(
    delivery({ channel: name, chat: 'owner', thread: null }, say('x')),
    neverAborted(),
  );
  expect(sent).toMatchObject({ ok: false, error: { type: 'permanent' } });
});

test('only messages typed on the page may be answered together', () => {
  expect(channels.filter((name) => createPullAdapter(name).abilities.coalesce)).toEqual(['web']);
});
