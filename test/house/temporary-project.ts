import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Outcome {
  readonly pid: number | undefined;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project in a temporary folder that has this one's `bin/` and nothing else but what is written into it. */
export interface TemporaryProject extends Disposable {
  readonly folder: string;
  write(path: string, text: string): void;
  /** Puts a shell script into the folder `path`, which `run` has as its whole PATH besides the system's. */
  program(name: string, script: string): void;
  run(command: readonly [string, ...string[]], options?: RunOptions): Promise<Outcome>;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

export function createTemporaryProject(): TemporaryProject {
  const folder = mkdtempSync(join(tmpdir(), 'tiro-house-'));
  cpSync(fileURLToPath(new URL('../../bin', import.meta.url)), join(folder, 'bin'), { recursive: true });
  mkdirSync(join(folder, 'path'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('package.json', '{ "type": "module" }');
  return {
    folder,
    write,
    program(name, script) {
      write(`path/${name}`, `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, 'path', name), 0o755);
    },
    run: (command, options = {}) =>
      run(command, { cwd: folder, ...options, env: environment(folder, options.env) }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

function environment(folder: string, extra: RunOptions['env']): Record<string, string> {
  return { PATH: `${join(folder, 'path')}:/usr/bin:/bin`, HOME: folder, TMPDIR: folder, ...extra };
}

function run([program, ...args]: readonly [string, ...string[]], options: RunOptions): Promise<Outcome> {
  const { cwd, env, onOutput } = options;
  const child = spawn(program, args, { cwd, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString();
    onOutput?.(stdout, (signal) => child.kill(signal));
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ pid: child.pid, status, stdout, stderr }));
  });
}
