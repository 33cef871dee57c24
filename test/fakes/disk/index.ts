import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Requirement } from '#test/house/requirement.ts';
import { type Control, createControl } from './control.ts';

/**
 * A disk of our own between a process and its files: a small library (disk.c) that is preloaded into the process. Below
 * one folder it refuses what a test tells it to, while the process runs, and keeps a log of every change.
 */
export const diskRequirement: Requirement = {
  name: 'A C compiler for the fake disk (Linux)',
  present:
    process.platform === 'linux' &&
    existsSync('/usr/include/errno.h') &&
    spawnSync('cc', ['--version']).status === 0,
  enable: 'apt-get install gcc libc6-dev',
};

export interface FakeDisk extends Control {
  /** The folder it stands for; it is made by whoever uses it first. */
  readonly folder: string;
  /** What a process needs in its environment to have this disk. Its threads have it too. */
  readonly env: Readonly<Record<string, string>>;
  /** Every change, for `readChanges`. */
  readonly log: string;
  /** Removes the folder and all that belongs to it. */
  [Symbol.dispose](): void;
}

/** Made once for all disks of this process. */
let compiled: Buffer | null = null;

/** Throws with the compiler's words where the library cannot be made. */
export function createFakeDisk(options: { readonly record?: boolean } = {}): FakeDisk {
  const place = mkdtempSync(join(realpathSync(tmpdir()), 'tiro-disk-'));
  const remove = (): void => rmSync(place, { recursive: true, force: true });
  process.once('exit', remove); // an interrupted run leaves nothing behind either
  const library = join(place, 'disk.so');
  writeFileSync(library, (compiled ??= compile(library)));
  const folder = join(place, 'disk');
  const log = join(place, 'log');
  writeFileSync(log, '');
  const control = createControl(join(place, 'control'));
  return {
    ...control,
    folder,
    log,
    env: {
      LD_PRELOAD: library,
      FAKE_DISK: folder,
      FAKE_DISK_CONTROL: join(place, 'control'),
      ...(options.record === true ? { FAKE_DISK_LOG: log } : {}),
    },
    [Symbol.dispose]: () => {
      process.off('exit', remove);
      remove();
    },
  };
}

function compile(to: string): Buffer {
  const source = join(import.meta.dirname, 'disk.c');
  const words = ['-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', to, source, '-lpthread'];
  const { status, stderr, error } = spawnSync('cc', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The fake disk cannot be compiled: ${error?.message ?? stderr}`);
  return readFileSync(to);
}
