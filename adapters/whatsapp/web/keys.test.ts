import * as baileys from 'baileys';
import { expect, test } from 'vitest';
import type { AdapterStatePort } from '#core/ports/adapter.ts';
import { createTestDeps } from '#test/fakes/sink.ts';
import { type Keys, loadKeys } from './keys.ts';

const dayMs = 86_400_000;

interface Setting {
  readonly keys: Keys;
  readonly state: AdapterStatePort;
  /** The keys of each commit. */
  readonly commits: readonly (readonly string[])[];
  load(): Promise<Keys>;
}

/** Keys that a phone has let in, over rows that tell of each commit. */
async function setUp(now: () => number = Date.now): Promise<Setting> {
  const deps = createTestDeps();
  const commits: string[][] = [];
  const state: AdapterStatePort = {
    ...deps.state,
    setAll: (entries) => {
      commits.push(Object.keys(entries).sort());
      return deps.state.setAll(entries);
    },
  };
  const load = (): Promise<Keys> =>
    loadKeys({ state, clock: { ...deps.clock, now }, refused: () => undefined }, baileys);
  const keys = await load();
  keys.creds.account = {};
  await keys.saveCreds();
  commits.length = 0;
  return { keys, state, commits, load };
}

const session = Buffer.from('a session');

test('what one message changes is one commit, with its mark', async () => {
  const { keys, commits } = await setUp();
  await keys.store.transaction(async () => {
    await keys.store.set({ session: { 'a.0': session }, 'pre-key': { 7: null } });
    await keys.store.transaction(
      () => Promise.resolve(keys.store.set({ 'identity-key': { a: session } })),
      'x',
    );
    keys.also('seen h', '{}');
    expect(await keys.store.get('session', ['a.0', 'b.0'])).toEqual({ 'a.0': session });
    expect(commits).toEqual([]);
  }, 'a');
  expect(commits).toEqual([['key identity-key a', 'key pre-key 7', 'key session a.0', 'seen h']]);
});

test('of what fails nothing stays, and the next goes on', async () => {
  const { keys, commits } = await setUp();
  const failing = keys.store.transaction(async () => {
    await keys.store.set({ session: { 'a.0': session } });
    throw new Error('not stored');
  }, 'a');
  const next = keys.store.transaction(async () => await keys.store.get('session', ['a.0']), 'a');
  await expect(failing).rejects.toThrow('not stored');
  expect(await next).toEqual({});
  expect(commits).toEqual([]);
});

test('changed credentials go with the commit, and come back as they were', async () => {
  const { keys, commits, load } = await setUp();
  Object.assign(keys.creds, { nextPreKeyId: 31 });
  await keys.store.set({ session: { 'a.0': session } });
  await keys.store.set({ session: { 'b.0': session } });
  expect(commits).toEqual([['creds', 'key session a.0'], ['key session b.0']]);
  const again = await load();
  expect(again.creds).toEqual(keys.creds);
  expect(again.isLinked()).toBe(true);
});

test('a link that is over is not brought back by what the library saves last', async () => {
  const { keys, state, load } = await setUp();
  await keys.forget();
  await keys.saveCreds();
  await keys.store.set({ session: { 'a.0': session } });
  expect(await state.list('')).toEqual({});
  expect((await load()).isLinked()).toBe(false);
});

test('credentials that no phone let in are not used again', async () => {
  const { keys, state, load } = await setUp();
  Reflect.deleteProperty(keys.creds, 'account');
  await keys.saveCreds();
  expect(await state.get('creds')).not.toBe(null);
  expect((await load()).creds.noiseKey).not.toEqual(keys.creds.noiseKey);
});

test('marks are kept for a month and copies for a week', async () => {
  let now = 1_790_000_000_000;
  const { keys, state } = await setUp(() => now);
  await state.setAll({ 'seen a': JSON.stringify({ at: now }), 'sent a': JSON.stringify({ at: now }) });
  now += 8 * dayMs;
  await keys.prune();
  expect(Object.keys(await state.list('se'))).toEqual(['seen a']);
  now += 23 * dayMs;
  await keys.prune();
  expect(await state.list('se')).toEqual({});
});

test('a link whose rows could not be deleted goes on being kept', async () => {
  const { keys, state } = await setUp();
  const { setAll } = state;
  Object.assign(state, { setAll: () => Promise.reject(new Error('disk full')) });
  await expect(keys.forget()).rejects.toThrow('disk full');
  Object.assign(state, { setAll });
  await keys.store.set({ session: { 'a.0': session } });
  expect(Object.keys(await state.list(''))).toEqual(['creds', 'key session a.0']);
});
