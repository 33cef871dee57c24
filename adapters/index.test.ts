import { expect, test } from 'vitest';
import { createTestDeps } from '#test/fakes/sink.ts';
import { type AdaptersDeps, createAdapters } from './index.ts';

function deps(named: string[] = []): AdaptersDeps {
  const { clock, log, random, state } = createTestDeps();
  const stateOf = (name: string): typeof state => {
    named.push(name);
    return state;
  };
  return { clock, log, random, fetch, stateOf };
}

test('the pull channels are always there, a platform only where it is configured', async () => {
  const nothing = await createAdapters({ telegram: undefined }, deps());
  expect(nothing.map(({ name }) => name)).toEqual(['web', 'cli', 'api']);
  const named: string[] = [];
  const telegram = { token: '1:A', apiRoot: 'http://127.0.0.1:9', webhook: null };
  const adapters = await createAdapters({ telegram }, deps(named));
  expect(adapters.map(({ name }) => name)).toEqual(['web', 'cli', 'api', 'telegram']);
  expect(named).toEqual(['telegram']);
});

test('settings that do not fit are said with the name of the field', async () => {
  const bad = createAdapters({ telegram: { token: 'has a space' } }, deps());
  await expect(bad).rejects.toMatchObject({
    code: 'bad-config',
    message: expect.stringContaining('channels.telegram.token'),
  });
});
