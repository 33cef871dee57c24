import { readFileSync } from 'node:fs';

/** A change of the disk, in the order in which it was made. `file` is a process's descriptor: see `opened`. */
export type Change =
  /** From here on `file` is this path. */
  | {
      readonly type: 'opened';
      readonly file: string;
      readonly path: string;
      readonly is: 'created' | 'emptied' | 'found' | 'folder';
    }
  | { readonly type: 'written'; readonly file: string; readonly at: number; readonly data: Buffer }
  | { readonly type: 'truncated'; readonly file: string; readonly length: number }
  | { readonly type: 'synced'; readonly file: string }
  /** The process was told that it failed. */
  | { readonly type: 'sync-failed'; readonly file: string }
  | { readonly type: 'renamed' | 'linked'; readonly path: string; readonly to: string }
  | { readonly type: 'removed' | 'folder-made'; readonly path: string };

/** `struct record` of disk.c. */
const recordBytes = 32;

export function readChanges(file: string): readonly Change[] {
  const log = readFileSync(file);
  const changes: Change[] = [];
  let at = 0;
  while (at + recordBytes <= log.length) {
    const path = at + recordBytes;
    const data = path + log.readUInt32LE(at + 12);
    const end = data + log.readUInt32LE(at + 16);
    if (end > log.length) break; // the process was killed while it wrote
    changes.push(
      toChange(log.subarray(at, path), {
        path: log.toString('utf8', path, data),
        data: log.subarray(data, end),
      }),
    );
    at = end;
  }
  return changes;
}

function toChange(record: Buffer, { path, data }: { readonly path: string; readonly data: Buffer }): Change {
  const file = `${record.readUInt32LE(4)}:${record.readInt32LE(8)}`;
  const at = Number(record.readBigUInt64LE(24));
  const kind = record.readUInt32LE(0);
  switch (kind) {
    case 1:
      return { type: 'opened', file, path, is: openedAs(record.readUInt32LE(20)) };
    case 2:
      return { type: 'written', file, at, data };
    case 3:
      return { type: 'truncated', file, length: at };
    case 4:
      return { type: 'synced', file };
    case 5:
      return { type: 'sync-failed', file };
    case 6:
      return { type: 'renamed', path, to: data.toString() };
    case 7:
      return { type: 'removed', path };
    case 8:
      return { type: 'folder-made', path };
    case 9:
      return { type: 'linked', path, to: data.toString() };
    default:
      throw new Error(`The log of the disk has a record of kind ${kind}.`);
  }
}

function openedAs(flags: number): 'created' | 'emptied' | 'found' | 'folder' {
  if (flags === 1) return 'created';
  if (flags === 2) return 'emptied';
  return flags === 4 ? 'folder' : 'found';
}
