import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ModelMessage } from '#core/ports/model.ts';
import { dropOldest } from './window.ts';

function exchanges(count: number, chars: number): readonly ModelMessage[] {
  return Array.from({ length: count }, (_, i): readonly ModelMessage[] => [
    { role: 'user', content: `question ${i} ${'x'.repeat(chars)}` },
    { role: 'assistant', content: `answer ${i}`, toolCalls: [] },
  ]).flat();
}

function bytes(messages: readonly ModelMessage[]): number {
  return messages.reduce((sum, message) => sum + Buffer.byteLength(JSON.stringify(message)), 0);
}

const gapBytes = 100;

test('what fits is left as it is', () => {
  const messages = exchanges(3, 10);
  expect(dropOldest(messages, bytes(messages))).toBe(messages);
});

test('what is kept fits, ends as it ended, and begins with what a person said', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(300), fc.nat(20_000), (count, chars, budget) => {
      const messages = exchanges(count, chars);
      const kept = dropOldest(messages, budget);
      expect(kept.at(-1)).toEqual(messages.at(-1));
      expect(kept[0]?.role).toBe('user');
      const least = bytes(messages.slice(-2));
      expect(bytes(kept)).toBeLessThanOrEqual(Math.max(budget, least) + gapBytes);
    }),
  );
});

test('the cut moves in blocks: it stays where it is for many exchanges', () => {
  const budget = 10_000;
  const starts = Array.from({ length: 200 }, (_, i) => {
    const [first] = dropOldest(exchanges(i + 1, 80), budget);
    return /question (\d+)/.exec(first?.content ?? '')?.[1];
  });
  // 200 exchanges of about 180 bytes fill the half budget about seven times.
  expect(new Set(starts).size).toBeLessThanOrEqual(9);
});

test('the last exchange is kept whatever its size, and calls are not parted from their results', () => {
  const last: readonly ModelMessage[] = [
    { role: 'user', content: 'z'.repeat(5_000) },
    { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'run', arguments: '{}' }] },
    { role: 'tool', callId: 'c', content: 'y'.repeat(5_000) },
  ];
  const kept = dropOldest([...exchanges(3, 50), ...last], 100);
  expect(kept.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
  expect(kept[0]?.content).toMatch(/^\[Earlier messages .* left out here\.\]\n\nz/);
});

test('other scripts count by their bytes, as they cost tokens', () => {
  const messages = exchanges(4, 0).map((message) => ({ ...message, content: '漢'.repeat(100) }));
  expect(dropOldest(messages, 1_300)).not.toBe(messages);
});
