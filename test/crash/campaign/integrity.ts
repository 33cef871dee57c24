import Database from 'better-sqlite3';

/** `ok`, or the first lines of what SQLite found. */
export function checkIntegrity(file: string): string {
  const db = new Database(file, { readonly: true });
  try {
    const found = db.prepare('PRAGMA integrity_check').pluck().all().map(String);
    const broken = db.prepare('PRAGMA foreign_key_check').all();
    const lines = [...found.filter((line) => line !== 'ok'), ...broken.map((row) => JSON.stringify(row))];
    return lines.length === 0 ? 'ok' : lines.slice(0, 5).join('; ');
  } finally {
    db.close();
  }
}
