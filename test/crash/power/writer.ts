import { mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { z } from 'zod';
import type { StorePort } from '#core/store/store.ts';
import { homePaths } from '#config/home/paths.ts';
import { ensureFolder } from '#config/home/private-file.ts';
import { createClock } from '#lib/clock.ts';
import { openStore } from '#store/index.ts';
import { createDice } from '../campaign/dice.ts';
import { until } from '#test/until.ts';
import { insist, putLoad } from './load.ts';
import type { Said } from './said.ts';

/**
 * The real store under load, as a process of its own with the fake disk below it. It opens a home, puts bursts of load on
 * it with a checkpoint after each, stops, opens it again, and so on; at the end it is gone as by kill -9.
 */
const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    seed: { type: 'string' },
    lives: { type: 'string' },
    bursts: { type: 'string' },
    batches: { type: 'string' },
  },
});
const { folder = '', seed = '1', lives = '2', bursts = '2', batches = '5' } = values;
const clock = createClock();
/** The store leaves fewer in the WAL. */
const worthPages = 1_000;
const pagesSchema = z.tuple([z.object({ log: z.number(), checkpointed: z.number() })]);
const chance = createDice(Number(seed)).next;

mkdirSync(folder, { recursive: true });
const said = openSync(join(folder, 'said'), 'a');
function say(line: Said): void {
  writeSync(said, `${JSON.stringify(line)}\n`);
}

const paths = homePaths({ env: {}, home: join(folder, 'home') });
await insist(() => ensureFolder(paths.home));
const files = {
  file: paths.database,
  lockFile: paths.lock,
  backupDir: paths.backups,
  takeover: false,
  lockWaitMs: 2_000,
};
for (let life = 1; life <= Number(lives); life += 1) {
  const store = await insist(() => openStore({ clock, onFatal: (error) => fail(error) }, files));
  for (let burst = 1; burst <= Number(bursts); burst += 1) {
    await putLoad({ store, say, chance, now: () => clock.now() }, { channels: 8, batches: Number(batches) });
    // The thread is idle now: the WAL is written back, and the next burst begins it anew.
    await writtenBack(store);
  }
  if (life === Number(lives)) process.kill(process.pid, 'SIGKILL');
  await insist(() => store.boots.stopped());
  await store.close();
}

/** A write-back that the disk refused is tried again after the next commit. */
async function writtenBack({ state }: StorePort): Promise<void> {
  const looker = new Database(paths.database);
  let looks = 0;
  await until('the WAL is written back', async () => {
    if (pagesLeft(looker) <= worthPages) return true;
    looks += 1;
    if (looks % 20 === 0)
      await insist(() => state.set({ scope: 'power', key: 'nudge', value: String(looks) }));
    return false;
  });
  // Not the last connection: the end of the WAL is the store's.
  looker.close();
}

function pagesLeft(db: Database.Database): number {
  const [row] = pagesSchema.parse(db.pragma('wal_checkpoint(NOOP)'));
  return row.log - row.checkpointed;
}

function fail(error: Error): never {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(1);
}
