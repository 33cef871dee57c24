import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClock } from '#lib/clock.ts';
import { allowsColor } from './environment.ts';
import { openGatewayHome } from './gateway-home.ts';
import { openHome } from './open-home.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tiro-open-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const url = { baseUrl: 'http://x/v1' };
const presets = {
  openai: url,
  openrouter: url,
  anthropic: url,
  gemini: url,
  ollama: url,
  vllm: url,
  lmstudio: url,
  llamacpp: url,
};
const open = (env: Record<string, string> = {}) => openHome({ env, presets, home });

test('a blank home is the demo; a provider in the environment is not blank', async () => {
  expect(await open().check()).toMatchObject({ ok: true, demo: true, isBlank: true });
  expect(await open({ OPENAI_API_KEY: 'k' }).check()).toMatchObject({ demo: false, isBlank: false });
  writeFileSync(join(home, 'config.yaml'), 'access: {dm: open}');
  expect(await open().check()).toMatchObject({ demo: true, isBlank: false });
  writeFileSync(join(home, 'config.yaml'), 'access: {dm: odd}');
  expect(await open().check()).toMatchObject({ ok: false, problems: [{ path: 'access.dm' }] });
});

test('the token is TIRO_TOKEN, else that of the file; an empty TIRO_TOKEN is never used', async () => {
  expect(await open({ TIRO_TOKEN: 'mine' }).token()).toBe('mine');
  const made = await open().token();
  expect(readFileSync(join(home, 'token'), 'utf8').trim()).toBe(made);
  expect(await open({ TIRO_TOKEN: '' }).token()).toBe(made);
});

test('a variable that is yet to be set may be named, any other may not', async () => {
  const edits = [{ path: ['channels', 'telegram', 'token'], value: '${BOT}' }];
  expect(await open().edit(edits, {})).toMatchObject({ ok: false });
  expect(await open().edit(edits, { BOT: '7:x' })).toMatchObject({ ok: true });
  expect(readFileSync(join(home, 'config.yaml'), 'utf8')).toContain('${BOT}');
  expect(statSync(join(home, 'config.yaml')).mode & 0o777).toBe(0o600);
});

test('a home that cannot be had is said in words, with what to do', async () => {
  const away = join(home, 'away');
  symlinkSync(join(home, 'a disk that is not there'), away);
  const input = { env: {}, presets, home: away };
  const deps = { clock: createClock(), show: () => undefined };
  await expect(openGatewayHome(input, deps)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/home folder .*away cannot be written .*--home/),
  });
});

test('NO_COLOR and dumb terminals get no colour', () => {
  expect([allowsColor({}), allowsColor({ NO_COLOR: '1' }), allowsColor({ TERM: 'dumb' })]).toEqual([
    true,
    false,
    false,
  ]);
});
