import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { type OpenedHome, openHome } from '../opening/index.ts';
import { readMigrations } from '../opening/migrate.ts';
import { type OpenOptions, type Report, toPlainError } from '../protocol.ts';
import { serve } from './serve.ts';

/** The thread that owns tiro.db: open → ready → serve until it is told to close. */
const port = parentPort;
if (port === null) throw new Error('The store runs in a worker thread.');
const options: OpenOptions = workerData;
const home = openOrTell(options);
if (home === null) {
  port.close();
} else {
  serve(port, home);
  post({ type: 'ready', epoch: home.epoch });
}

function openOrTell(options: OpenOptions): OpenedHome | null {
  const migrations = fileURLToPath(new URL('../migrations/', import.meta.url));
  try {
    const opened = openHome(options, readMigrations(migrations));
    const { migrated, killed } = opened;
    if (migrated.length > 0) post({ type: 'log', event: 'store.migrated', fields: { migrated } });
    if (killed.length > 0) post({ type: 'log', event: 'store.killed', fields: { pids: killed } });
    return opened;
  } catch (error) {
    post({ type: 'failed', error: toPlainError(error) });
    return null;
  }
}

function post(report: Report): void {
  port?.postMessage(report);
}
