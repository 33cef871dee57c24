import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { createClock } from '../clock.ts';
import { orAborted, within } from './within.ts';

const clock = createClock();
const why = (): Error => new Error('stopped');
const never = new Promise<never>(() => undefined);

test('the work that ends first is what comes of it, and nothing listens to the signal any more', async () => {
  const { signal } = new AbortController();
  expect(await orAborted(Promise.resolve(1), signal, why)).toBe(1);
  await expect(orAborted(Promise.reject(new Error('broken')), signal, why)).rejects.toThrow('broken');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('an abort ends the wait, one that was before too', async () => {
  const over = new AbortController();
  const waiting = orAborted(never, over.signal, why);
  over.abort();
  await expect(waiting).rejects.toThrow('stopped');
  await expect(orAborted(never, over.signal, why)).rejects.toThrow('stopped');
});

test('what takes too long is aborted with words for it', async () => {
  const { signal } = new AbortController();
  const late = within({ clock, ms: 1, signal }, (both) => orAborted(never, both, () => both.reason));
  await expect(late).rejects.toThrow('timed out');
});
