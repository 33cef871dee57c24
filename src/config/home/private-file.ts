import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TiroError, messageOf } from '#core/errors.ts';
import { randomCode } from '#lib/random.ts';

/** Makes a folder that only this user can enter, there also after a power cut. One that exists keeps its rights. */
export async function ensureFolder(path: string): Promise<string> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  // A folder is a name in the one above it: SQLite syncs what is in the home, and nobody else the home itself.
  let made = first === undefined ? null : resolve(path);
  while (made !== null) {
    await syncFolder(dirname(made));
    made = made === first || made === dirname(made) ? null : dirname(made);
  }
  return path;
}

async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r');
    await folder.sync();
  } catch (error) {
    // A folder that may be entered but not read cannot be synced by us.
    if (!hasCode(error, 'EACCES')) throw error;
  }
}

/**
 * Replaces the file in one step: a reader sees the old text or the new one, also after a power cut. Mode 0600.
 * The folder is made when it is missing.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = await writeDraft(path, text);
  await rename(draft, path);
}

/**
 * A file beside `path` with the text, on the disk, mode 0600; to be renamed or linked into place. Rejects as
 * `unavailable` where the disk refuses, and leaves nothing then.
 */
export async function writeDraft(path: string, text: string): Promise<string> {
  const draft = `${path}.${randomCode(8)}.tmp`;
  try {
    await ensureFolder(dirname(path));
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    return draft;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined); // a disk that is read-only now keeps it
    throw new TiroError('unavailable', `${path} cannot be written (${messageOf(error)}).`, { cause: error });
  }
}

/** Null where there is no such file. */
export async function readTextOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
