import { expect, test } from 'vitest';
import { createManualClock } from '#test/kernel/clock.ts';
import { until } from '#test/until.ts';
import { watch } from './watch.ts';

/** An answer that is written by hand; `cancelled` once its reader has left it. */
function answer() {
  const clock = createManualClock();
  const state = { cancelled: false, bytes: 0 };
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, {
    highWaterMark: 10,
  });
  const writer = writable.getWriter();
  writer.closed.catch(() => (state.cancelled = true));
  const watched = watch(clock, new Response(readable), (bytes) => (state.bytes += bytes));
  const body = watched.response.body;
  if (body === null) throw new Error('It has a body.');
  const pieces = body[Symbol.asyncIterator]();
  const write = (text: string): Promise<void> => writer.write(Buffer.from(text));
  return { clock, state, watched, pieces, write, end: () => writer.close() };
}

test('bytes are counted as they pass, and the end is seen across pieces', async () => {
  const { state, watched, pieces, write, end } = answer();
  await write('data: {}\n\nda');
  await pieces.next();
  expect([state.bytes, watched.sawDone()]).toEqual([12, false]);
  await write('ta: [DONE]\n\n');
  await pieces.next();
  expect([state.bytes, watched.sawDone()]).toEqual([24, true]);
  await end();
  expect(await pieces.next()).toMatchObject({ done: true });
});

test('behind [DONE] the rest is read: the connection can serve the next call', async () => {
  const { clock, state, pieces, write, end } = answer();
  await write('data: [DONE]\n\n');
  await pieces.next();
  await pieces.return?.();
  await write(': farewell\n\n');
  await end();
  await until('it was read to its end', () => clock.waiting() === 0);
  expect(state.cancelled).toBe(false);
});

test('a server that does not hang up behind [DONE] is left after a moment', async () => {
  const { clock, state, pieces, write } = answer();
  await write('data: [DONE]\n\n');
  await pieces.next();
  await pieces.return?.();
  expect(state.cancelled).toBe(false);
  await clock.pass(1_000);
  await until('it was left', () => state.cancelled);
});

test('an answer that is left in the middle is cut off at once', async () => {
  const { clock, state, pieces, write } = answer();
  await write('data: {}\n\n');
  await pieces.next();
  await pieces.return?.();
  await until('it was left', () => state.cancelled);
  expect(clock.waiting()).toBe(0);
});
