import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextRound, setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const noteSchema = z.object({
  point: z.string(),
  at: z.number(),
  committed: z.array(z.object({ message: z.string(), stage: z.enum(['start', 'results']) })),
});
/** What a gateway that was killed at a failpoint left behind. */
export type DeathNote = Readonly<z.infer<typeof noteSchema>>;

/** The failpoint at which a gateway is to be killed, the nth time that it passes it. */
export interface Arm {
  readonly point: string;
  readonly nth: number;
  /** It is stopped there and can be woken (SIGCONT), not killed. */
  readonly stop?: boolean;
}

/** What all gateways of a test have in common. */
export interface Surroundings {
  /** Beside the home: `gateway.log` with their words, `names` with each failpoint that one passed. */
  readonly folder: string;
  readonly home: string;
  readonly effectsUrl: string;
  /** For their node. */
  readonly nodeArgs?: readonly string[];
}

export interface StartOptions {
  readonly arm: Arm | null;
  readonly takeover?: boolean;
  /** A file for each failpoint, as often as it is passed. */
  readonly trace?: string;
}

export interface GatewayProcess {
  /** Its address once it takes messages; null if it ended before. */
  readonly ready: Promise<string | null>;
  /** How it ended, and everything that it sent before has been seen. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly at: number;
  }>;
  readonly isReady: () => boolean;
  readonly hasEnded: () => boolean;
  /** While it runs: the next failpoint, counted from now, and the file for each one that it passes from now on. */
  arm(arm: Arm, trace: string): Promise<void>;
  /** Returns the instant. */
  signal(signal: NodeJS.Signals): number;
  note(): DeathNote | null;
}

/** Shared by all tests: only the first start of all strips types. */
const compileCache = join(tmpdir(), 'tiro-compile-cache');
let count = 0;

export function startGatewayProcess(surroundings: Surroundings, options: StartOptions): GatewayProcess {
  count += 1;
  const { folder, nodeArgs = [] } = surroundings;
  const noteFile = join(folder, `note-${count}`);
  const script = join(import.meta.dirname, 'child.ts');
  const args = argumentsFor(surroundings, options, noteFile);
  const child = spawn(process.execPath, [...nodeArgs, script, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
  const log = join(folder, 'gateway.log');
  child.stdin.on('error', () => undefined); // it is gone
  child.stderr.on('data', (piece: Buffer) => appendFileSync(log, piece));
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = untilEnded(child).finally(() => process.off('exit', kill));
  const ready = untilReady(child);
  let isReady = false;
  void ready.then((url) => (isReady = url !== null));
  return {
    ready,
    ended,
    isReady: () => isReady,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    arm: async ({ point, nth }, file) => {
      const armed = untilSaid(child, /^armed$/m);
      child.stdin.write(`${JSON.stringify({ point, nth, trace: file })}\n`);
      await armed;
    },
    signal: (signal) => {
      const at = Date.now();
      child.kill(signal);
      return at;
    },
    note: () => readNote(noteFile),
  };
}

function argumentsFor(
  { folder, home, effectsUrl }: Surroundings,
  { arm, takeover = false, trace }: StartOptions,
  note: string,
): readonly string[] {
  return [
    `--home=${home}`,
    `--effects=${effectsUrl}`,
    `--names=${join(folder, 'names')}`,
    `--note=${note}`,
    ...(arm === null ? [] : [`--kill=${arm.point}`, `--nth=${arm.nth}`]),
    ...(arm?.stop === true ? ['--stop'] : []),
    ...(trace === undefined ? [] : [`--trace=${trace}`]),
    ...(takeover ? ['--takeover'] : []),
  ];
}

async function untilReady(child: ChildProcess): Promise<string | null> {
  return (await untilSaid(child, /^ready (http:\/\/\S+)$/m))?.[1] ?? null;
}

/** Resolves with what it says from now on, once it fits; null if it ended before. */
function untilSaid(child: ChildProcess, wanted: RegExp): Promise<RegExpExecArray | null> {
  const { promise, resolve } = Promise.withResolvers<RegExpExecArray | null>();
  let output = '';
  child.stdout?.on('data', (piece: Buffer) => {
    output += piece.toString('utf8');
    const found = wanted.exec(output);
    if (found !== null) resolve(found);
  });
  child.once('exit', () => resolve(null));
  return promise;
}

async function untilEnded(child: ChildProcess): ReturnType<() => GatewayProcess['ended']> {
  await once(child, 'exit');
  const at = Date.now();
  await settleSockets();
  return { code: child.exitCode, signal: child.signalCode, at };
}

/** What a dead process had written lies in our sockets: some rounds of the event loop read it. */
export async function settleSockets(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await nextRound();
  await sleep(2);
}

function readNote(file: string): DeathNote | null {
  if (!existsSync(file)) return null;
  const note = noteSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  rmSync(file);
  return note;
}
