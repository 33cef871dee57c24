import { TiroError, messageOf } from '#core/errors.ts';

/** The code of an error of SQLite, such as `SQLITE_FULL`, or null. */
export function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : null;
}

const refusedByDisk = /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY|LOCKED|NOMEM|PROTOCOL|PERM|AUTH)/;
const damaged = /^SQLITE_(CORRUPT|NOTADB)/;

export function isDamaged(error: unknown): boolean {
  return damaged.test(sqliteCode(error) ?? '');
}

/** The disk or the database refuses: not a fault of the write, and the next one may succeed. */
export function isRefusedByDisk(error: unknown): boolean {
  return refusedByDisk.test(sqliteCode(error) ?? '');
}

/** What callers are told of a failure of the storage `file` itself; everything else is passed on as it is. */
export function toStoreError(error: unknown, file: string): unknown {
  if (isDamaged(error)) {
    const words = `The database ${file} is damaged (${messageOf(error)}). Restore the newest backup, or ${rescue(file)}`;
    return new TiroError('store-corrupt', words, { cause: error });
  }
  if (!isRefusedByDisk(error)) return error;
  const code = sqliteCode(error) ?? 'unknown';
  return new TiroError('store-unavailable', `Nothing was stored: ${messageOf(error)} (${code}).`, {
    cause: error,
  });
}

/**
 * How to get what can still be read out of a damaged database. SQLite calls it damaged as well when the disk failed to
 * read it: then an old backup would be the wrong thing to do.
 */
export function rescue(file: string): string {
  return (
    `save what can be read: sqlite3 ${file} .recover | sqlite3 recovered.db. ` +
    'Look first whether the system’s log (dmesg) has read errors of the disk: then the file may be whole, and a start on a mended disk is enough.'
  );
}
