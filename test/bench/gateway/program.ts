import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProgramOptions {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** All of its environment: nothing of ours reaches it. */
  readonly env: Readonly<Record<string, string>>;
  /** Its line on standard output that says it is ready; the first group is its address. */
  readonly ready: RegExp;
}

export interface Program {
  readonly url: string;
  readonly pid: number;
  /** From the spawn to the line that says ready. */
  readonly readyMs: number;
  [Symbol.asyncDispose](): Promise<void>;
}

const readyLimitMs = 30_000;
const stopLimitMs = 15_000;

/** Starts a program and waits until it says that it is ready. Rejects with its own words when it does not get there. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const [file, ...args] = options.command;
  const startedAt = performance.now();
  const child = spawn(file, args, { env: options.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const errors: string[] = [];
  child.stderr.on('data', (piece: Buffer) => errors.push(piece.toString('utf8')));
  const dispose = async (): Promise<void> => {
    await stop(child);
    process.off('exit', kill);
  };
  try {
    const url = await readyLine(child, options.ready);
    const readyMs = performance.now() - startedAt;
    return { url, pid: child.pid ?? 0, readyMs, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw new Error(`${options.name} did not become ready.\n${errors.join('')}`, { cause: error });
  }
}

function readyLine(child: ChildProcess, ready: RegExp): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let output = '';
  child.stdout?.on('data', (piece: Buffer) => {
    output += piece.toString('utf8');
    const [, url] = ready.exec(output) ?? [];
    if (url !== undefined) resolve(url);
  });
  child.once('error', reject);
  child.once('exit', (code) => reject(new Error(`It ended with ${String(code)}.`)));
  const late = setTimeout(() => reject(new Error(`Not within ${readyLimitMs} ms.`)), readyLimitMs);
  return promise.finally(() => clearTimeout(late));
}

/** The orderly end, which also writes the compile cache; after a while the other one. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = new AbortController();
  const timeout = sleep(stopLimitMs, 'late', { signal: late.signal }).catch(() => 'ended');
  if ((await Promise.race([ended, timeout])) === 'late') child.kill('SIGKILL');
  late.abort();
  await ended;
}
