import { readFileSync } from 'node:fs';
import type { ClockPort } from '#core/ports/clock.ts';
import { messageOf } from '#core/errors.ts';
import { type Config, loadConfig, type LoadInput, type LoadResult } from './load.ts';
import type { Problem } from './problem.ts';
import { watchPath } from './watch.ts';

type Loaded = Extract<LoadResult, { ok: true }>;

export interface SettingsDeps {
  readonly clock: ClockPort;
  /** Told of every reload that did not take; the last good configuration stays in force. */
  readonly onProblems: (problems: readonly Problem[]) => void;
}

export interface SettingsOptions {
  readonly input: LoadInput;
  /** What the start has loaded. */
  readonly loaded: Loaded;
}

export interface Settings {
  /** The configuration in force; ask at each use. Home, host, port and token are those of the start. */
  current(): Config;
  /** What is wrong with the file now; empty when `current` is what it says. */
  problems(): readonly Problem[];
  warnings(): readonly Problem[];
  /** Reads the file again. Contract: never rejects; resolves to what is wrong, empty when it is in force. */
  reload(): Promise<readonly Problem[]>;
  /** Called after each change of what is in force. Returns the unsubscriber. */
  onChange(listener: (config: Config) => void): () => void;
  /** Watches the file until the signal aborts; resolves then. */
  watch(signal: AbortSignal): Promise<void>;
}

/** file → check → in force | problems, with the last good one kept. A running gateway is never stopped by an edit. */
export function createSettings(deps: SettingsDeps, options: SettingsOptions): Settings {
  let inForce = options.loaded;
  let problems: readonly Problem[] = [];
  let seen = inForce.text;
  let reloading: Promise<unknown> = Promise.resolve();
  const listeners = new Set<(config: Config) => void>();

  return {
    current: () => inForce.config,
    problems: () => problems,
    warnings: () => inForce.warnings,
    reload,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    watch: (signal) =>
      watchPath({ clock: deps.clock, onChange: reloadIfChanged }, options.loaded.config.path, signal),
  };

  /** One at a time: an older read must not overtake a newer one. */
  function reload(): Promise<readonly Problem[]> {
    const next = reloading.then(reloadOnce);
    reloading = next.catch(() => undefined);
    return next;
  }

  async function reloadOnce(): Promise<readonly Problem[]> {
    const result = withoutLoss(await loadConfig(options.input), inForce);
    seen = result.text;
    problems = result.ok ? take(result) : result.problems;
    if (problems.length > 0) deps.onProblems(problems);
    return problems;
  }

  async function reloadIfChanged(): Promise<void> {
    if (readTextOrNull(options.loaded.config.path) !== seen) await reload();
  }

  function take(result: Loaded): readonly Problem[] {
    const { home, path, host, port, token } = options.loaded.config;
    const config = { ...result.config, home, path, host, port, token };
    const isSame = JSON.stringify(config) === JSON.stringify(inForce.config);
    inForce = { ...result, config };
    if (isSame) return [];
    try {
      for (const listener of listeners) listener(config);
      return [];
    } catch (error) {
      const fix = 'Start the gateway anew; if that fails too, this is a defect of Tiro.';
      return [{ path: '', message: `could not be put in force: ${messageOf(error)}`, fix }];
    }
  }
}

/** A file that was emptied or removed under a running gateway is an accident, not the wish for the demo. */
function withoutLoss(result: LoadResult, inForce: Loaded): LoadResult {
  const isEmpty = (text: string | null): boolean => text === null || text.trim() === '';
  if (!result.ok || !isEmpty(result.text) || isEmpty(inForce.text)) return result;
  const problem = {
    path: '',
    message: result.text === null ? 'is gone' : 'is empty',
    fix: 'Put it back; to run without it, stop the gateway and start it again.',
  };
  return { ok: false, problems: [problem], path: result.config.path, text: result.text };
}

function readTextOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // the reload says why
  }
}
