import { mkdir, open, readFile, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { TiroError, messageOf } from '#core/errors.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { OutgoingFilesPort } from '#core/ports/media.ts';
import { sha256Hex } from '#lib/hash.ts';

/** The folder `files` of the home: `in` for pictures that people sent, `out` for files that Tiro made. */
export interface HomeFiles extends OutgoingFilesPort {
  /** Where the picture of a message is kept, without its extension; relative. */
  pictureStem(event: string, index: number): string;
  /** Removes what is older than its time. Never rejects. */
  sweep(): Promise<void>;
}

/** Pictures are shown again after a restart; what was sent can be sent again. A month of both. */
export const keptMs = 30 * 24 * 3_600_000;

export function createHomeFiles(
  deps: { readonly clock: Pick<ClockPort, 'now'>; readonly log: LogPort },
  home: string,
): HomeFiles {
  return { pathOf, pictureStem, read, write, sweep };

  /** A path that leads out of the folder is a defect of ours, or somebody wrote into the database. */
  function pathOf(relative: string): string {
    const plain = normalize(relative);
    if (!plain.startsWith(`files${sep}`)) throw new Error(`${relative} is no file of the home.`);
    return join(home, plain);
  }

  function pictureStem(event: string, index: number): string {
    return `files/in/${segment(event)}-${index}`;
  }

  async function read(relative: string): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      return await readFile(pathOf(relative));
    } catch (error) {
      if (!isCode(error, 'ENOENT')) deps.log.warn('media.file-unread', { path: relative, error });
      return null;
    }
  }

  async function write({ key, name, text }: Parameters<HomeFiles['write']>[0]): Promise<string> {
    const relative = `files/out/${segment(key)}/${name}`;
    const path = pathOf(relative);
    if (dirname(path) !== pathOf(`files/out/${segment(key)}`)) throw new Error(`${name} is no file name.`);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeDurably(path, text);
      return relative;
    } catch (error) {
      throw new TiroError('unavailable', `The file cannot be written (${messageOf(error)}).`, {
        cause: error,
      });
    }
  }

  async function sweep(): Promise<void> {
    const before = deps.clock.now() - keptMs;
    for (const folder of ['in', 'out']) {
      try {
        await sweepFolder(join(home, 'files', folder), before);
      } catch (error) {
        if (!isCode(error, 'ENOENT')) deps.log.warn('media.sweep-failed', { folder, error });
      }
    }
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const draft = `${path}.draft`;
  {
    await using file = await open(draft, 'w', 0o600);
    await file.writeFile(text);
    await file.sync();
  }
  await rename(draft, path);
  await using folder = await open(dirname(path), 'r');
  await folder.sync();
}

/** Files, and folders that have become empty, with what is in them. */
async function sweepFolder(folder: string, before: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const { mtimeMs } = await stat(path);
    if (entry.isDirectory()) await sweepFolder(path, before);
    if (mtimeMs >= before) continue;
    if (!entry.isDirectory()) await rm(path);
    else if ((await readdir(path)).length === 0) await rmdir(path);
  }
}

/** Readable where the key is; with its hash, so that two keys never meet in one folder. */
function segment(key: string): string {
  const plain = key.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 80);
  return plain === key ? plain : `${plain}-${sha256Hex(key).slice(0, 8)}`;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
