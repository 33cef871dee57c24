import { expect, test } from 'vitest';
import type { ModelMessage } from '#core/ports/model.ts';
import { newestPictures } from './pictures.ts';

/** One message for each number: so many pictures in it. */
function messages(...counts: readonly number[]): readonly ModelMessage[] {
  let last = 0;
  return counts.map((count, index): ModelMessage => {
    const images = Array.from({ length: count }, () => ({ path: `${(last += 1)}`, mime: 'image/png' }));
    return { role: 'user', content: `m${index}`, ...(count === 0 ? {} : { images }) };
  });
}

const shown = (list: readonly ModelMessage[]): readonly string[] =>
  list.flatMap((message) => (message.role === 'user' ? (message.images ?? []).map(({ path }) => path) : []));

test('the newest four are always shown, and never more than seven', () => {
  for (let count = 1; count <= 40; count += 1) {
    const paths = shown(newestPictures(messages(...Array.from({ length: count }, () => 1))));
    expect(paths.length).toBeGreaterThanOrEqual(Math.min(count, 4));
    expect(paths.length).toBeLessThan(8);
    expect(paths.at(-1)).toBe(String(count));
  }
});

test('a further picture changes what is shown of the earlier ones only each fourth time', () => {
  const all = messages(...Array.from({ length: 41 }, () => 1));
  const changes = Array.from({ length: 40 }, (_, n) => {
    const [before, after] = [n, n + 1].map((count) =>
      JSON.stringify(newestPictures(all.slice(0, count)).slice(0, n)),
    );
    return before === after ? 0 : 1;
  });
  expect(changes.reduce((sum: number, change) => sum + change, 0)).toBe(9);
});

test('what is not shown is said, within a message too', () => {
  const kept = newestPictures(messages(0, 3, 0, 5));
  expect(kept[1]).toEqual({ role: 'user', content: 'm1\n[3 of these pictures are not shown again]' });
  expect(kept[3]).toMatchObject({ content: 'm3\n[1 of these pictures is not shown again]' });
  expect(shown(kept)).toEqual(['5', '6', '7', '8']);
});
