import { expect, test } from 'vitest';
import type { Change } from '#test/fakes/disk/log.ts';
import { createDice } from '../campaign/dice.ts';
import { createPlatter } from './platter.ts';

const open = (file: string, path: string, is: 'created' | 'found' | 'folder' = 'created'): Change => ({
  type: 'opened',
  file,
  path,
  is,
});
const write = (file: string, at: number, text: string): Change => ({
  type: 'written',
  file,
  at,
  data: Buffer.from(text),
});
const sync = (file: string): Change => ({ type: 'synced', file });
const folder = [open('9', '/d', 'folder'), sync('9')];

/** What 300 cuts leave of /d/a: every text that was met, and null where there was no file. */
function fates(changes: readonly Change[], path = '/d/a'): ReadonlySet<string | null> {
  const platter = createPlatter('/d', createDice(7).next);
  for (const change of changes) platter.apply(change);
  return new Set(Array.from({ length: 300 }, () => platter.cut().get(path)?.toString() ?? null));
}

test('what was synced is there, name and bytes', () => {
  expect(fates([open('1', '/d/a'), write('1', 0, 'abc'), sync('1'), ...folder])).toEqual(new Set(['abc']));
});

test('bytes that nobody synced may be lost, in part too; those before them not', () => {
  const found = fates([open('1', '/d/a'), write('1', 0, 'abc'), sync('1'), ...folder, write('1', 1, 'XY')]);
  expect(found).toEqual(new Set(['abc', 'aXc', 'aXY']));
});

test('a write is torn at sectors, in any order', () => {
  const text = `${'x'.repeat(512)}${'y'.repeat(512)}`;
  const found = fates([open('1', '/d/a'), ...folder, write('1', 0, text)]);
  expect(found).toContain(`${'\0'.repeat(512)}${'y'.repeat(512)}`);
  expect(found).toContain('x'.repeat(512));
});

test('of two writes to one place the older one may be the one that stays', () => {
  const found = fates([open('1', '/d/a'), ...folder, write('1', 0, 'old'), write('1', 0, 'new')]);
  expect(found).toContain('old');
  expect(found).toContain('new');
  expect(found).toContain('');
});

test('a name is lost with a folder that was not synced, whatever was done for the file', () => {
  expect(fates([open('1', '/d/a'), write('1', 0, 'abc'), sync('1')])).toEqual(new Set(['abc', null]));
});

test('a folder that was made is itself a name in the one above', () => {
  const made: Change[] = [
    { type: 'folder-made', path: '/d/f' },
    open('1', '/d/f/a'),
    write('1', 0, 'x'),
    sync('1'),
  ];
  const inside = [open('8', '/d/f', 'folder'), sync('8')];
  expect(fates([...made, ...inside], '/d/f/a')).toEqual(new Set(['x', null]));
  expect(fates([...made, ...inside, ...folder], '/d/f/a')).toEqual(new Set(['x']));
});

test('a renamed or removed file may still bear its old name', () => {
  const there = [open('1', '/d/a'), write('1', 0, 'a'), sync('1'), ...folder];
  expect(fates([...there, { type: 'removed', path: '/d/a' }])).toEqual(new Set(['a', null]));
  expect(fates([...there, { type: 'renamed', path: '/d/a', to: '/d/b' }], '/d/b')).toEqual(
    new Set(['a', null]),
  );
});

test('a sync that fails is not made good by the next one', () => {
  const seeds = Array.from({ length: 50 }, (_, seed) => seed);
  const found = seeds.map((seed) => {
    const platter = createPlatter('/d', createDice(seed).next);
    const failed: Change = { type: 'sync-failed', file: '1' };
    const changes = [open('1', '/d/a'), ...folder, write('1', 0, 'lost?'), failed, sync('1')];
    for (const change of changes) platter.apply(change);
    return platter.cut().get('/d/a')?.toString();
  });
  expect(new Set(found)).toContain('');
  expect(new Set(found)).toContain('lost?');
});

test('a file that was cut short has no bytes of before when it grows again', () => {
  const changes: Change[] = [
    write('1', 0, 'abc'),
    { type: 'truncated', file: '1', length: 1 },
    write('1', 2, 'Z'),
  ];
  expect(fates([open('1', '/d/a'), ...folder, ...changes, sync('1')])).toEqual(new Set(['a\0Z']));
});
