import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { lint, lintPlanted, type Finding } from './house/planted-tree.ts';
import { rooms } from './house/rooms.ts';
import { innocents, violations } from './house/violations.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('the lint reports', () => {
  let findings: readonly Finding[] = [];
  beforeAll(() => {
    findings = lintPlanted(violations);
  }, 60_000);

  test.each(violations.map((violation) => [violation.name, violation] as const))('%s', (_, violation) => {
    expect(findings.filter(({ filename }) => filename === violation.file)).toContainEqual(
      expect.objectContaining({ code: violation.rule, message: expect.stringContaining(violation.message) }),
    );
  });
});

test('the lint lets pass what the borders allow', () => {
  expect(lintPlanted(innocents)).toEqual([]);
}, 60_000);

test('the tree itself has no finding', () => {
  expect(lint(root)).toEqual([]);
}, 60_000);

describe('the tree keeps its sizes', () => {
  const files = ['src', 'adapters', 'memory', 'sandbox', 'prompts', 'test']
    .flatMap((top) => filesBelow(top))
    .filter((file) => file.endsWith('.ts'));
  const code = files.filter((file) => !file.endsWith('.test.ts'));

  test('no folder holds more than 12 files of code', () => {
    const counts = Map.groupBy(code, (file) => file.slice(0, file.lastIndexOf('/')));
    expect([...counts].filter(([, inside]) => inside.length > 12).map(([folder]) => folder)).toEqual([]);
  });

  test('no adapter, and of several transports none, has more than 12 files or 1,900 lines', () => {
    const adapters = Map.groupBy(
      code.filter((file) => file.split('/').length > 2 && file.startsWith('adapters/')),
      (file) => file.split('/').slice(1, -1).join('/'),
    );
    const tooLarge = [...adapters].filter(
      ([, inside]) => inside.length > 12 || inside.reduce((sum, file) => sum + linesOf(file), 0) > 1_900,
    );
    expect(tooLarge.map(([name]) => name)).toEqual([]);
  });

  test('every folder that holds code is a room of the table', () => {
    const folders = code
      .filter((file) => /^(src|adapters)\/[^/]+\//.test(file))
      .map((file) => file.split('/', 2).join('/'));
    expect([...new Set(folders)].filter((folder) => rooms[folder] === undefined)).toEqual([]);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(join(root), { withFileTypes: true }).some((entry) => entry.name === folder)
    ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
        (file) => `${folder}/${file}`,
      )
    : [];
}

function linesOf(file: string): number {
  return readFileSync(join(root, file), 'utf8').split('\n').length - 1;
}
