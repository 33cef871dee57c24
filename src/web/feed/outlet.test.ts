import { expect, test } from 'vitest';
import { createOutlet } from './outlet.ts';

const decode = (chunk: Uint8Array | undefined): string => new TextDecoder().decode(chunk);
const limits = { maxBytes: 100, maxEvents: 3 };

test('what is pushed is read in order, several events in one piece', async () => {
  const outlet = createOutlet(limits);
  const reader = outlet.stream.getReader();
  const first = reader.read();
  outlet.push('a');
  expect(decode((await first).value)).toBe('a');
  outlet.push('b');
  outlet.push('c');
  expect(decode((await reader.read()).value)).toBe('bc');
  outlet.push('d');
  outlet.end();
  outlet.push('e');
  expect(decode((await reader.read()).value)).toBe('d');
  expect((await reader.read()).done).toBe(true);
});

test.each([
  { over: 'events', texts: ['a', 'b', 'c', 'd'] },
  { over: 'bytes', texts: ['a'.repeat(60), 'b'.repeat(60)] },
])('more than the limit of $over ends the stream and lets go of what was held', async ({ texts }) => {
  const outlet = createOutlet(limits);
  for (const text of texts) outlet.push(text);
  expect(outlet.ended.aborted).toBe(true);
  await outlet.drained();
  const { done, value } = await outlet.stream.getReader().read();
  expect({ done, value: decode(value) }).toEqual({ done: true, value: '' });
});

test('a single event over the limit goes through: refused, it would be refused at every resumption', async () => {
  const outlet = createOutlet(limits);
  const huge = 'x'.repeat(1_000);
  outlet.push(huge);
  expect(outlet.ended.aborted).toBe(false);
  expect(decode((await outlet.stream.getReader().read()).value)).toBe(huge);
});

test('drained waits for the reader, and no longer than the reader is there', async () => {
  const outlet = createOutlet(limits);
  outlet.push('a');
  const draining = outlet.drained();
  const first = await Promise.race([draining.then(() => 'drained'), Promise.resolve('waits')]);
  expect(first).toBe('waits');
  await outlet.stream.cancel();
  await draining;
  expect(outlet.ended.aborted).toBe(true);
});
