import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';

const { EIO, ENOSPC, EROFS } = constants.errno;

/** What the disk refuses from now on; what is absent works. Numbers are those of the system's errors. */
export interface Fault {
  readonly write?: number;
  /** So many bytes are still written before `write`: the last write that gets some of them is a short one. */
  readonly room?: number;
  readonly sync?: number;
  /** One of so many syncs fails with `sync`; without it each does. */
  readonly syncEvery?: number;
  /** Opening for writing, or making a file. */
  readonly open?: number;
  readonly truncate?: number;
  readonly read?: number;
  /** Renaming, removing, linking, making a folder. */
  readonly name?: number;
  /** Only files whose path contains this text, or ends with it if it ends with `$`. */
  readonly only?: string;
}

/** The usual ways in which a disk goes wrong. A full one refuses every write, also those that would need no room. */
export const faults = {
  full: { write: ENOSPC },
  readOnly: { write: EROFS, open: EROFS, truncate: EROFS, name: EROFS },
  writeFails: { write: EIO },
  syncFails: { sync: EIO },
  readFails: { read: EIO },
} as const satisfies Readonly<Record<string, Fault>>;

/** `struct control` of disk.c: where each of its fields begins. */
const layout = {
  write: 0,
  sync: 4,
  open: 8,
  truncate: 12,
  read: 16,
  name: 20,
  room: 24,
  refused: 32,
  syncEvery: 40,
  only: 44,
} as const;
const onlyBytes = 76;
const bytes = layout.only + onlyBytes;
const errors = ['write', 'sync', 'open', 'truncate', 'read', 'name'] as const;

/** The file through which a test speaks with a process that has the library. Changes take effect at its next call. */
export interface Control {
  set(fault: Fault): void;
  clear(): void;
  /** How many calls were made to fail so far. */
  refused(): number;
}

export function createControl(file: string): Control {
  patch(0, Buffer.alloc(bytes));
  return { set, clear: () => set({}), refused };

  function set(fault: Fault): void {
    const limits = Buffer.alloc(onlyBytes + 4);
    limits.writeInt32LE(fault.syncEvery ?? 0, 0);
    limits.write(fault.only ?? '', 4, onlyBytes - 1, 'utf8');
    const room = Buffer.alloc(8);
    room.writeBigInt64LE(BigInt(fault.room ?? 0));
    const codes = Buffer.alloc(4 * errors.length);
    // Off before its limits change, on after: nobody meets half of two faults.
    patch(0, codes);
    patch(layout.syncEvery, limits);
    patch(layout.room, room);
    for (const name of errors) codes.writeInt32LE(fault[name] ?? 0, layout[name]);
    patch(0, codes);
  }

  function patch(at: number, data: Buffer): void {
    const handle = openSync(file, at === 0 && data.length === bytes ? 'w' : 'r+');
    writeSync(handle, data, 0, data.length, at);
    closeSync(handle);
  }

  function refused(): number {
    const handle = openSync(file, 'r');
    const data = Buffer.alloc(8);
    readSync(handle, data, 0, 8, layout.refused);
    closeSync(handle);
    return Number(data.readBigInt64LE());
  }
}
