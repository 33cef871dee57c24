import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { basename, dirname, join, relative } from 'node:path';
import { type Change, readChanges } from '#test/fakes/disk/log.ts';
import { faults } from '#test/fakes/disk/control.ts';
import { type FakeDisk, createFakeDisk } from '#test/fakes/disk/index.ts';
import { createDice } from '../campaign/dice.ts';
import { type Finding, judge } from './judge.ts';
import { createPlatter } from './platter.ts';
import { type Promises, createListener } from './promises.ts';

export interface CampaignOptions {
  readonly seed: number;
  readonly cuts: number;
  /** How durable the writer's database is: as the product makes it, or weakened, to see that the method would tell. */
  readonly synchronous: 'product' | 'NORMAL' | 'OFF';
  /** One of so many syncs fails while the writer writes, and what it stood for may never reach the disk; 0: none. */
  readonly failSyncEvery: number;
  readonly lives: number;
  readonly bursts: number;
  readonly batches: number;
}

export interface CampaignResult {
  readonly cuts: number;
  /** Changes of the disk that were recorded, and how many syncs were among them. */
  readonly changes: number;
  readonly syncs: number;
  readonly failedSyncs: number;
  /** Times that the main file was synced. */
  readonly writeBacks: number;
  /** Acknowledged in all. */
  readonly acknowledged: number;
  /** Cuts after which something was wrong, and what it was at the first of them. */
  readonly acknowledgedMissing: number;
  readonly notOpened: number;
  readonly integrityFailed: number;
  readonly halfApplied: number;
  readonly problems: readonly string[];
}

/** Runs the writer once on a recording disk, then cuts the power at many instants of what was recorded. */
export async function runCampaign(
  options: CampaignOptions,
  say: (line: string) => void = () => undefined,
): Promise<CampaignResult> {
  using disk = createFakeDisk({ record: true });
  if (options.failSyncEvery > 0) disk.set({ ...faults.syncFails, syncEvery: options.failSyncEvery });
  say(`seed ${options.seed}, synchronous ${options.synchronous}: the store writes`);
  await write(disk, options);
  say(`seed ${options.seed}, synchronous ${options.synchronous}: ${options.cuts} cuts`);
  return cutOften(disk, options);
}

async function write(disk: FakeDisk, options: CampaignOptions): Promise<void> {
  const hook = options.synchronous === 'product' ? [] : ['--import', join(import.meta.dirname, 'weaken.ts')];
  const numbers = ['seed', 'lives', 'bursts', 'batches'] as const;
  const flags = numbers.flatMap((name) => [`--${name}`, String(options[name])]);
  const script = join(import.meta.dirname, 'writer.ts');
  const child = spawn(process.execPath, [...hook, script, '--folder', disk.folder, ...flags], {
    env: { ...process.env, ...disk.env, WEAKEN_TO: options.synchronous },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const [code, signal]: unknown[] = await once(child, 'close');
  process.off('exit', end);
  // Its last act is to be killed.
  if (signal !== 'SIGKILL') throw new Error(`The writer ended with ${String(code ?? signal)}: ${words}`);
}

async function cutOften(disk: FakeDisk, { seed, cuts }: CampaignOptions): Promise<CampaignResult> {
  const chance = createDice(seed + 1).next;
  const changes = readChanges(disk.log);
  const places = placesToCut({ changes, cuts, chance });
  const platter = createPlatter(disk.folder, chance);
  const listener = createListener();
  const findings: { readonly at: number; readonly finding: Finding }[] = [];
  for (const [index, change] of changes.entries()) {
    for (const at of places.get(index) ?? []) {
      findings.push({ at, finding: cutOnce(disk, platter, listener.promises()) });
      await nextTurn(); // an interrupt is heard between two cuts
    }
    platter.apply(change);
    listener.hear(change);
  }
  const isBad = (look: (finding: Finding) => boolean): number =>
    findings.filter(({ finding }) => look(finding)).length;
  return {
    cuts: findings.length,
    changes: changes.length,
    syncs: changes.filter(({ type }) => type === 'synced').length,
    failedSyncs: changes.filter(({ type }) => type === 'sync-failed').length,
    writeBacks: syncsOf(changes, 'tiro.db'),
    acknowledged: acknowledgedIn(listener.promises()),
    acknowledgedMissing: isBad(({ missing }) => missing.length > 0),
    notOpened: isBad(({ notOpened }) => notOpened !== null),
    integrityFailed: isBad(({ damaged }) => damaged.length > 0),
    halfApplied: isBad(({ halfApplied }) => halfApplied.length > 0),
    problems: findings.flatMap(({ at, finding }) => describe(at, finding)).slice(0, 20),
  };
}

/** Half of them anywhere; the others close to a sync, to a birth or death of a file, or among the very first changes. */
function placesToCut(from: {
  readonly changes: readonly Change[];
  readonly cuts: number;
  readonly chance: () => number;
}): ReadonlyMap<number, readonly number[]> {
  const { changes, cuts, chance } = from;
  const rare = changes.flatMap(({ type }, index) =>
    ['opened', 'removed', 'renamed', 'truncated', 'folder-made'].includes(type) ? [index] : [],
  );
  const syncs = changes.flatMap(({ type }, index) => (type === 'synced' ? [index] : []));
  const places = new Map<number, number[]>();
  for (let cut = 0; cut < cuts; cut += 1) {
    const fate = chance();
    const near = fate < 0.5 ? null : fate < 0.75 ? syncs : rare;
    const from = near === null ? chance() * changes.length : (near[Math.floor(chance() * near.length)] ?? 0);
    const at = Math.floor(near === null ? from : from + chance() * 6 - 2);
    const place = Math.min(Math.max(at, 0), changes.length - 1);
    places.set(place, [...(places.get(place) ?? []), place]);
  }
  return places;
}

function cutOnce(disk: FakeDisk, platter: ReturnType<typeof createPlatter>, promises: Promises): Finding {
  const place = mkdtempSync(join(tmpdir(), 'tiro-cut-'));
  try {
    mkdirSync(join(place, 'home'));
    for (const [path, bytes] of platter.cut()) {
      // The index of the WAL is memory that processes share: nothing that a start may build on.
      if (path.endsWith('-shm')) continue;
      const file = join(place, relative(disk.folder, path));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
    return judge(join(place, 'home'), promises);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function acknowledgedIn({ channels, turns, deliveries }: Promises): number {
  const all = [...channels.values(), ...turns.values(), ...deliveries.values()];
  return all.reduce((total, { told }) => total + told, 0);
}

function describe(at: number, { notOpened, damaged, missing, halfApplied }: Finding): readonly string[] {
  const words = {
    'not opened': notOpened,
    damaged: damaged[0],
    missing: missing[0],
    'half applied': halfApplied[0],
  };
  return Object.entries(words).flatMap(([what, which]) =>
    which === null || which === undefined ? [] : [`cut at change ${at}: ${what}: ${which}`],
  );
}

function syncsOf(changes: readonly Change[], name: string): number {
  const pathOf = new Map<string, string>();
  let syncs = 0;
  for (const change of changes) {
    if (change.type === 'opened') pathOf.set(change.file, change.path);
    if (change.type === 'synced' && basename(pathOf.get(change.file) ?? '') === name) syncs += 1;
  }
  return syncs;
}
