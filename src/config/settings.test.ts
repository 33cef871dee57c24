import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClock } from '#lib/clock.ts';
import { loadConfig } from './load.ts';
import type { Problem } from './problem.ts';
import { createSettings } from './settings.ts';

let home = '';
let stop = new AbortController();
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tiro-settings-'));
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  rmSync(home, { recursive: true });
});

const file = () => join(home, 'config.yaml');
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

async function settingsFor(yaml: string) {
  writeFileSync(file(), yaml);
  const input = { env: {}, presets, home, flags: { port: 7 } };
  const loaded = await loadConfig(input);
  if (!loaded.ok) throw new Error('the start must load');
  const reported: Problem[][] = [];
  const settings = createSettings(
    { clock: createClock(), onProblems: (problems) => reported.push([...problems]) },
    { input, loaded },
  );
  const changes: number[] = [];
  settings.onChange((config) => changes.push(config.budget.perTurnUsd));
  return { settings, changes, reported };
}

test('a reload takes what is good, and tells only when something changed', async () => {
  const { settings, changes } = await settingsFor('budget: {perTurnUsd: 1}');
  expect(await settings.reload()).toEqual([]);
  writeFileSync(file(), 'budget: {perTurnUsd: 2}');
  expect(await settings.reload()).toEqual([]);
  expect(changes).toEqual([2]);
  expect(settings.current()).toMatchObject({ port: 7, budget: { perTurnUsd: 2 } });
});

test('what is broken keeps the last good configuration, and is told', async () => {
  const { settings, changes, reported } = await settingsFor('budget: {perTurnUsd: 1}');
  writeFileSync(file(), 'budget: {perTurnUsd: many}');
  expect(await settings.reload()).toMatchObject([{ path: 'budget.perTurnUsd' }]);
  expect(settings.current().budget.perTurnUsd).toBe(1);
  expect(settings.problems()).toMatchObject([{ path: 'budget.perTurnUsd' }]);
  writeFileSync(file(), 'budget: {perTurnUsd: 3}');
  await settings.reload();
  expect(settings.problems()).toEqual([]);
  expect([changes, reported.length]).toEqual([[3], 1]);
});

test('a file that is emptied or removed is not the wish for the demo', async () => {
  const { settings } = await settingsFor('budget: {perTurnUsd: 1}');
  writeFileSync(file(), '');
  expect(await settings.reload()).toMatchObject([{ message: 'is empty' }]);
  unlinkSync(file());
  expect(await settings.reload()).toMatchObject([{ message: 'is gone' }]);
  expect(settings.current().budget.perTurnUsd).toBe(1);
});

test('a listener that throws is reported, and the watch goes on', async () => {
  const { settings } = await settingsFor('');
  settings.onChange(() => {
    throw new Error('boom');
  });
  writeFileSync(file(), 'budget: {perTurnUsd: 2}');
  expect(await settings.reload()).toMatchObject([{ message: expect.stringContaining('boom') }]);
});

test('the watch sees a write, and a file that an editor puts in its place', async () => {
  const { settings, changes } = await settingsFor('budget: {perTurnUsd: 1}');
  const ended = settings.watch(stop.signal);
  writeFileSync(file(), 'budget: {perTurnUsd: 2}');
  await vi.waitFor(() => expect(changes).toEqual([2]), { timeout: 5_000 });
  writeFileSync(join(home, 'draft'), 'budget: {perTurnUsd: 3}');
  renameSync(join(home, 'draft'), file());
  await vi.waitFor(() => expect(changes).toEqual([2, 3]), { timeout: 5_000 });
  stop.abort();
  await ended;
});

test('the watch sees the file behind a symbolic link', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'tiro-dotfiles-'));
  const target = join(elsewhere, 'tiro.yaml');
  writeFileSync(target, 'budget: {perTurnUsd: 1}');
  const { settings, changes } = await settingsFor('budget: {perTurnUsd: 1}');
  unlinkSync(file());
  symlinkSync(target, file());
  const ended = settings.watch(stop.signal);
  writeFileSync(target, 'budget: {perTurnUsd: 4}');
  await vi.waitFor(() => expect(changes).toEqual([4]), { timeout: 5_000 });
  stop.abort();
  await ended;
  rmSync(elsewhere, { recursive: true });
});
