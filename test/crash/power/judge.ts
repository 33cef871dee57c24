import { fileURLToPath } from 'node:url';
import type { Database } from 'better-sqlite3';
import { messageOf } from '#core/errors.ts';
import { type HomePaths, homePaths } from '#config/home/paths.ts';
import { openHome } from '#store/opening/index.ts';
import { readMigrations } from '#store/opening/migrate.ts';
import { sqliteCode } from '#store/opening/sqlite-errors.ts';
import type { Promises } from './promises.ts';
import { moments } from './said.ts';

/** What one power cut did; a line for each fault. */
export interface Finding {
  readonly notOpened: string | null;
  readonly damaged: readonly string[];
  /** Acknowledged, and not there. */
  readonly missing: readonly string[];
  /** There in part, or there and never asked for. */
  readonly halfApplied: readonly string[];
}

const migrations = readMigrations(fileURLToPath(new URL('../../../src/store/migrations/', import.meta.url)));

/** Opens what the cut left the way the product does, and compares it with what was promised. */
export function judge(folder: string, promises: Promises): Finding {
  const {
    database: file,
    lock: lockFile,
    backups: backupDir,
  }: HomePaths = homePaths({ env: {}, home: folder });
  const options = { file, lockFile, backupDir, takeover: false, lockWaitMs: 2_000, startedAt: 1 };
  let home: ReturnType<typeof openHome>;
  try {
    home = openHome(options, migrations);
  } catch (error) {
    return { notOpened: messageOf(error), damaged: [], missing: [], halfApplied: [] };
  }
  try {
    return { notOpened: null, damaged: damageOf(home.db), ...compare(home.db, promises) };
  } catch (error) {
    // So damaged that it cannot even be looked at.
    if (sqliteCode(error) === null) throw error;
    return { notOpened: null, damaged: [messageOf(error)], missing: [], halfApplied: [] };
  } finally {
    home.db.close();
    home.lock.release();
  }
}

function damageOf(db: Database): readonly string[] {
  const verdict = db.prepare<[], string>('PRAGMA integrity_check').pluck().all();
  const keys = db.prepare('PRAGMA foreign_key_check').all();
  return [...verdict.filter((line) => line !== 'ok'), ...keys.map((row) => JSON.stringify(row))];
}

function compare(db: Database, promises: Promises): Pick<Finding, 'missing' | 'halfApplied'> {
  const faults = { missing: new Array<string>(), halfApplied: new Array<string>() };
  compareChannels(db, promises, faults);
  compareTurns(db, promises, faults);
  const status = db.prepare<[string], string>('SELECT status FROM outbox WHERE id = ?').pluck();
  for (const [id, { told }] of promises.deliveries) {
    if (told === 1 && status.get(id) !== 'sent') faults.missing.push(`delivery ${id} is not sent`);
  }
  return faults;
}

interface Faults {
  readonly missing: string[];
  readonly halfApplied: string[];
}

/** A cursor says which batches are in: those, whole, and no others. */
function compareChannels(db: Database, promises: Promises, { missing, halfApplied }: Faults): void {
  const cursorOf = db.prepare<[string], string>('SELECT cursor FROM cursors WHERE channel = ?').pluck();
  const idsOf = db.prepare<[string], string>('SELECT platform_id FROM events WHERE channel = ?').pluck();
  for (const [channel, { told, asked, ids }] of promises.channels) {
    const cursor = Number(cursorOf.get(channel) ?? 0);
    const found = new Set(idsOf.all(channel));
    if (cursor < told) missing.push(`${channel} is at ${cursor}, ${told} was acknowledged`);
    if (cursor > asked) halfApplied.push(`${channel} is at ${cursor}, ${asked} was asked for`);
    for (const [batch, names] of ids) {
      const there = names.filter((name) => found.has(name)).length;
      if (batch <= told && there < names.length)
        missing.push(`${channel} batch ${batch}: ${there} of ${names.length}`);
      if (there !== (batch <= cursor ? names.length : 0))
        halfApplied.push(
          `${channel} batch ${batch}: ${there} of ${names.length} with the cursor at ${cursor}`,
        );
    }
  }
}

interface TurnRow {
  readonly status: string;
  readonly replies: number;
  readonly ends: number;
  readonly answers: number;
  readonly open: number;
}

/** Each moment of a turn is two replies; its last one also its end, its events' end and its answer. */
function compareTurns(db: Database, promises: Promises, { missing, halfApplied }: Faults): void {
  const find = db.prepare<[string], TurnRow>(`
    SELECT status,
      (SELECT count(*) FROM steps WHERE turn = t.id AND body ->> 'kind' = 'reply') AS replies,
      (SELECT count(*) FROM steps WHERE turn = t.id AND body ->> 'kind' = 'end') AS ends,
      (SELECT count(*) FROM outbox WHERE turn = t.id) AS answers,
      (SELECT count(*) FROM events WHERE turn = t.id AND status != 'done') AS open
    FROM turns t WHERE id = ?`);
  for (const [turn, { told, asked }] of promises.turns) {
    const row = find.get(turn);
    if (row === undefined) missing.push(`turn ${turn}`);
    else {
      const what = `turn ${turn}: ${JSON.stringify(row)}, told ${told}, asked ${asked}`;
      if (row.replies < told * 2) missing.push(what);
      const isOver = row.replies === moments * 2;
      const isWhole = isOver
        ? row.status === 'done' && row.ends === 1 && row.answers === 1 && row.open === 0
        : row.status === 'running' && row.ends === 0 && row.answers === 0 && row.open > 0;
      if (row.replies % 2 !== 0 || row.replies > asked * 2 || !isWhole) halfApplied.push(what);
    }
  }
}
