import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyEdits } from './apply.ts';
import { mutants } from './list.ts';

const root = join(import.meta.dirname, '../../..');

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s fits the source', (_, { edits }) => {
  for (const [file, own] of Map.groupBy(edits, (edit) => edit.file)) {
    const text = readFileSync(join(root, file), 'utf8');
    expect(applyEdits(text, own)).not.toBe(text);
  }
});

test('an edit whose text is gone, or is there twice, says that it must be renewed', () => {
  const edit = { file: 'src/a.ts', find: 'x', replace: '$&y' };
  expect(applyEdits('a x b', [edit])).toBe('a $&y b');
  expect(() => applyEdits('a b', [edit])).toThrow('must be renewed: src/a.ts has this text 0 times');
  expect(() => applyEdits('x x', [edit])).toThrow('must be renewed: src/a.ts has this text 2 times');
});

test('each has a name of its own', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});
