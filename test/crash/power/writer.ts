import { mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
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
    const writtenBack = statSync(paths.database).mtimeMs;
    await putLoad({ store, say, chance, now: () => clock.now() }, { channels: 8, batches: Number(batches) });
    const isBigEnough = statSync(`${paths.database}-wal`).size > 1_100 * 4_120;
    // The thread is idle now: the WAL is written back, and the next burst begins it anew.
    const isDone = (): boolean => !isBigEnough || statSync(paths.database).mtimeMs > writtenBack;
    await until('the WAL is written back', isDone);
  }
  if (life === Number(lives)) process.kill(process.pid, 'SIGKILL');
  await insist(() => store.boots.stopped());
  await store.close();
}

function fail(error: Error): never {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(1);
}
