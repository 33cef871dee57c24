import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { editConfig, editText, writeSecret } from './edit.ts';
import { homePaths } from '../home/paths.ts';
import type { LoadInput } from '../load.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tiro-edit-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const url = { baseUrl: 'http://x/v1' };
const input = (): LoadInput => ({
  env: {},
  home,
  presets: {
    openai: url,
    openrouter: url,
    anthropic: url,
    gemini: url,
    ollama: url,
    vllm: url,
    lmstudio: url,
    llamacpp: url,
  },
});

test('comments and other keys stay as they are', async () => {
  const before =
    '# mine\naccess: { dm: open } # why not\n\nmodel:\n  # my key\n  providers:\n    a: { preset: ollama }\n';
  const after = await editText(before, [
    { path: ['model', 'default'], value: 'a/x' },
    { path: ['channels', 'telegram', 'token'], value: { file: 'secrets/telegram' } },
  ]);
  expect(after).toBe(
    '# mine\naccess: { dm: open } # why not\n\nmodel:\n  # my key\n  providers:\n    a: { preset: ollama }\n  default: a/x\nchannels:\n  telegram:\n    token: { file: secrets/telegram }\n',
  );
});

test('an empty section makes room, undefined removes, a new file begins empty', async () => {
  expect(await editText('model:\n', [{ path: ['model', 'default'], value: 'x' }])).toBe(
    'model:\n  default: x\n',
  );
  expect(await editText('access: {dm: open}\nbudget: {}\n', [{ path: ['access'], value: undefined }])).toBe(
    'budget: {}\n',
  );
  expect(await editText('', [{ path: ['access', 'dm'], value: 'open' }])).toBe('access:\n  dm: open\n');
  expect(await editText('a: [', [])).toBeNull();
});

test('the file is written for this user only, through a symbolic link, and checked first', async () => {
  const target = join(home, 'real.yaml');
  writeFileSync(target, 'access: {dm: open}\n', { mode: 0o644 });
  symlinkSync(target, join(home, 'config.yaml'));
  const edited = await editConfig([{ path: ['access', 'groups'], value: 'off' }], input());
  expect(edited).toMatchObject({ ok: true, path: target });
  expect(readFileSync(target, 'utf8')).toBe('access: { dm: open, groups: off }\n');
  expect(statSync(target).mode & 0o777).toBe(0o600);
  const refused = await editConfig([{ path: ['access', 'groups'], value: 'sometimes' }], input());
  expect(refused).toMatchObject({ ok: false, problems: [{ path: 'access.groups' }] });
  expect(readFileSync(target, 'utf8')).toContain('off');
});

test('a broken file is not touched', async () => {
  writeFileSync(join(home, 'config.yaml'), 'access: [');
  expect(await editConfig([{ path: ['access', 'dm'], value: 'open' }], input())).toMatchObject({ ok: false });
  expect(readFileSync(join(home, 'config.yaml'), 'utf8')).toBe('access: [');
});

test('a secret gets a file of its own, named relative to config.yaml', async () => {
  expect(await writeSecret(homePaths(input()), 'telegram', '7:abc')).toEqual({ file: 'secrets/telegram' });
  expect(readFileSync(join(home, 'secrets/telegram'), 'utf8')).toBe('7:abc\n');
  expect(statSync(join(home, 'secrets')).mode & 0o777).toBe(0o700);
  const elsewhere = homePaths({ env: { TIRO_CONFIG: '/etc/tiro.yaml' }, home });
  expect(await writeSecret(elsewhere, 'telegram', '7:abc')).toEqual({ file: join(home, 'secrets/telegram') });
});
