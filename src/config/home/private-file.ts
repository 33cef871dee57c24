import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomCode } from '#lib/random.ts';

/** Makes a folder that only this user can enter. One that exists keeps its rights. */
export async function ensureFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return path;
}

/**
 * Replaces the file in one step: a reader sees the old text or the new one, also after a power cut. Mode 0600.
 * The folder is made when it is missing.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = await writeDraft(path, text);
  await rename(draft, path);
}

/** A file beside `path` with the text, on the disk, mode 0600; to be renamed or linked into place. */
export async function writeDraft(path: string, text: string): Promise<string> {
  await ensureFolder(dirname(path));
  const draft = `${path}.${randomCode(8)}.tmp`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
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
