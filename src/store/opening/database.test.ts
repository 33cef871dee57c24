import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from './database.ts';

test('however large the file grows, so many of its pages are kept in memory at most, also when it is opened again', () => {
  const home = mkdtempSync(join(tmpdir(), 'tiro-pages-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  for (let n = 0; n < 2; n += 1) {
    const db = openDatabase(join(home, 'x.db'), 1_000);
    // Below zero: in KiB. The build's own limit is 16 MB.
    expect(db.pragma('cache_size', { simple: true })).toBe(-4_000);
    db.close();
  }
});
