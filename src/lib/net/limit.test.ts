import { expect, test } from 'vitest';
import { limitBytes } from './limit.ts';

test('what is within the limit passes, and the reader is told of what is not', async () => {
  const read = (most: number): Promise<string> =>
    new Response(new Blob(['four']).stream().pipeThrough(limitBytes(most, new Error('too big')))).text();
  expect(await read(4)).toBe('four');
  await expect(read(3)).rejects.toThrow('too big');
});
