import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Seed, seedHome } from '#test/recovery/seed.ts';
import type { Program } from '../gateway/program.ts';
import { type Place, startProduct } from '../gateway/programs.ts';

export const telegramToken = '123456:TEST-token-of-the-fake-telegram-bot';

/** `killed`: its last gateway was ended by kill -9 in the midst of its work, so the file is checked and turns are resumed. */
export type HomeKind = 'empty' | 'queued' | 'empty-killed' | 'queued-killed';

export interface Homes {
  /** A gateway on a fresh copy of the home: each start finds the same rows. */
  start(kind: HomeKind): Promise<{ readonly program: Program; readonly readyzMs: number }>;
  /** The database of the home with the queue. */
  readonly mb: number;
}

export interface HomesOptions extends Omit<Seed, 'stepsPerTurn'> {
  readonly steps: number;
  readonly model: string;
  readonly telegram: string;
}

export async function makeHomes(
  place: Place,
  options: HomesOptions,
  say: (line: string) => void,
): Promise<Homes> {
  const { folder } = place;
  const { model, telegram, steps, ...seed } = options;
  const config = configFor(model, telegram);
  await seedHome(original('queued'), { ...seed, stepsPerTurn: steps }, say);
  await seedHome(original('empty'), { ...seed, stepsPerTurn: 0, events: 0, outbox: 0, done: 0 }, say);
  // The first start of all compiles the program: it is not among the measured ones.
  await (await start('empty')).program[Symbol.asyncDispose]();
  await leaveKilled('empty');
  await leaveKilled('queued');
  return { start, mb: statSync(join(original('queued'), 'tiro.db')).size / 1e6 };

  function original(kind: HomeKind): string {
    return join(folder, `original-${kind}`);
  }

  async function start(kind: HomeKind): Promise<{ readonly program: Program; readonly readyzMs: number }> {
    const home = `copy-${kind}`;
    rmSync(join(folder, home), { recursive: true, force: true });
    mkdirSync(join(folder, home));
    cpSync(original(kind), join(folder, home), { recursive: true });
    writeFileSync(join(folder, home, 'config.yaml'), config);
    const startedAt = performance.now();
    const program = await startProduct(place, { home });
    return { program, readyzMs: performance.now() - startedAt };
  }

  async function leaveKilled(kind: 'empty' | 'queued'): Promise<void> {
    const { program } = await start(kind);
    process.kill(program.pid, 'SIGKILL');
    await program[Symbol.asyncDispose]();
    cpSync(join(folder, `copy-${kind}`), original(`${kind}-killed`), { recursive: true });
  }
}

function configFor(model: string, telegram: string): string {
  const main = { baseUrl: model, models: { 'fake-model': {} } };
  const channels = { telegram: { token: telegramToken, apiRoot: telegram } };
  return JSON.stringify({ model: { default: 'main/fake-model', providers: { main } }, channels }); // JSON is YAML too
}
