import { fileURLToPath } from 'node:url';
import { openHome } from '#store/opening/index.ts';
import { readMigrations } from '#store/opening/migrate.ts';

/**
 * A gateway of its own process for tests: `node store-holder.ts <options as JSON> <idle | in-write>`.
 * It says `ready` on standard output and then holds what it has until it is killed.
 */
const [optionsJson = '{}', what = 'idle'] = process.argv.slice(2);
const options = JSON.parse(optionsJson);
const folder = fileURLToPath(new URL('../src/store/migrations/', import.meta.url));
const home = openHome(options, readMigrations(folder));
if (what === 'in-write') {
  home.db.exec('BEGIN IMMEDIATE');
  home.db.exec(`INSERT INTO state VALUES ('holder', 'k', 'never committed')`);
}
process.stdout.write('ready\n');
setInterval(() => {}, 1_000);
