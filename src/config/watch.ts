import { existsSync, type FSWatcher, realpathSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { ClockPort } from '#core/ports/clock.ts';

export interface WatchDeps {
  readonly clock: ClockPort;
  /** The file may be another now. Must not reject. */
  onChange(): Promise<void>;
}

/** Editors write in several steps; the file is read this long after the last one. */
const settleMs = 200;
/** Where the system cannot watch, the file is looked at this often. */
const pollMs = 2_000;

/** Tells of changes of one file, also of one that is replaced or made later. Resolves when the signal aborts. */
export async function watchPath(deps: WatchDeps, path: string, signal: AbortSignal): Promise<void> {
  let cancel = (): void => undefined;
  const look = (): void => {
    cancel();
    cancel = deps.clock.after(settleMs, () => void deps.onChange());
  };
  const broken = new AbortController();
  const watchers = filesBehind(path).map((file) => watchFolder(file, look, () => broken.abort()));
  await deps.onChange(); // what changed before the watch began
  await aborted(AbortSignal.any([signal, broken.signal]));
  while (!signal.aborted) {
    await deps.clock.sleep(pollMs, signal);
    await deps.onChange();
  }
  cancel();
  for (const watcher of watchers) watcher?.close();
}

/** The file, and the one behind it when it is a symbolic link: either can change without the other's folder. */
function filesBehind(path: string): readonly string[] {
  return existsSync(path) ? [...new Set([path, realpathSync(path)])] : [path];
}

/** Watches the folder, because editors replace the file. Null where the system cannot; then `onBroken` is called. */
function watchFolder(path: string, onEvent: () => void, onBroken: () => void): FSWatcher | null {
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_type, name) => {
      // `..data` is how a mounted Kubernetes volume is swapped.
      if (name === null || name === basename(path) || name.startsWith('..')) onEvent();
    });
    watcher.on('error', onBroken);
    return watcher;
  } catch {
    onBroken(); // too many watchers, or no such folder yet: the file is polled
    return null;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
