import { dirname } from 'node:path';
import type { Change } from '#test/fakes/disk/log.ts';

/**
 * A disk with a cache, as the worst that POSIX allows. What was synced is there for good. What was not may be lost at a
 * power cut, wholly or in part, in any order: bytes by their file's sync, names (made, renamed, removed) by that of
 * their folder. Writes that a failed sync stood for are never made good by a later one: the system has forgotten them.
 */
export interface Platter {
  apply(change: Change): void;
  /** The files as somebody may find them if the power is cut now, by path. Another call finds others. */
  cut(): ReadonlyMap<string, Buffer>;
}

type Write = { readonly at: number; readonly data: Buffer } | { readonly length: number };

interface Node {
  readonly isFolder: boolean;
  safe: Buffer;
  unsafe: Write[];
}

/** A name that was made (with its node) or taken away (null). */
interface Naming {
  readonly path: string;
  readonly node: Node | null;
}

/** `root` and what is above it is there for good. */
export function createPlatter(root: string, chance: () => number): Platter {
  const open = new Map<string, Node>();
  /** As the running process sees it. */
  const live = new Map<string, Node>([[root, newNode(true)]]);
  const safe = new Map<string, Node>(live);
  let namings: Naming[] = [];

  return { apply, cut };

  function apply(change: Change): void {
    switch (change.type) {
      case 'opened':
        return opened(change);
      case 'written':
        return void nodeOf(change.file).unsafe.push({ at: change.at, data: change.data });
      case 'truncated':
        return void nodeOf(change.file).unsafe.push({ length: change.length });
      case 'synced':
        return synced(nodeOf(change.file));
      case 'sync-failed':
        return forgotten(nodeOf(change.file));
      case 'renamed':
        name(change.to, live.get(change.path) ?? null);
        return name(change.path, null);
      case 'linked':
        return name(change.to, live.get(change.path) ?? null);
      case 'removed':
        return name(change.path, null);
      case 'folder-made':
        return name(change.path, newNode(true));
    }
  }

  function opened({ path, file, is }: Extract<Change, { type: 'opened' }>): void {
    if (is === 'created') name(path, newNode(false));
    const node = live.get(path);
    if (node === undefined) throw new Error(`${path} was opened and never made.`);
    if (is === 'emptied') node.unsafe.push({ length: 0 });
    open.set(file, node);
  }

  function nodeOf(file: string): Node {
    const node = open.get(file);
    if (node === undefined) throw new Error(`${file} was used and never opened.`);
    return node;
  }

  function name(path: string, node: Node | null): void {
    if (node === null) live.delete(path);
    else live.set(path, node);
    namings.push({ path, node });
  }

  function synced(node: Node): void {
    node.safe = written(node.safe, node.unsafe);
    node.unsafe = [];
    if (!node.isFolder) return;
    const [folder] = [...live].find(([, one]) => one === node) ?? [];
    const isMine = (naming: Naming): boolean => dirname(naming.path) === folder;
    take(safe, namings.filter(isMine));
    namings = namings.filter((naming) => !isMine(naming));
  }

  function forgotten(node: Node): void {
    node.safe = written(node.safe, survivors(node.unsafe, chance));
    node.unsafe = [];
  }

  function cut(): ReadonlyMap<string, Buffer> {
    const names = new Map(safe);
    take(names, chance() < 0.5 ? prefix(namings, chance) : namings.filter(() => chance() < 0.5));
    const found = new Map<string, Buffer>();
    for (const [path, node] of names) {
      if (!node.isFolder && isReached(path, names)) {
        found.set(path, written(Buffer.from(node.safe), survivors(node.unsafe, chance)));
      }
    }
    return found;
  }

  /** A file is only there if the folders above it are. */
  function isReached(path: string, names: ReadonlyMap<string, Node>): boolean {
    const folder = dirname(path);
    return folder === root || (names.has(folder) && isReached(folder, names));
  }
}

function newNode(isFolder: boolean): Node {
  return { isFolder, safe: Buffer.alloc(0), unsafe: [] };
}

function take(names: Map<string, Node>, namings: readonly Naming[]): void {
  for (const { path, node } of namings) {
    if (node === null) names.delete(path);
    else names.set(path, node);
  }
}

/** May change `bytes` in place and returns what the file is then. */
function written(bytes: Buffer, writes: readonly Write[]): Buffer {
  let length = bytes.length;
  let room = bytes;
  for (const write of writes) {
    const end = 'length' in write ? write.length : write.at + write.data.length;
    if ('length' in write) room.fill(0, Math.min(end, length), length);
    if (end > room.length) room = grown(room, end);
    if ('length' in write) length = end;
    else {
      write.data.copy(room, write.at);
      length = Math.max(length, end);
    }
  }
  return room.subarray(0, length);
}

function grown(bytes: Buffer, least: number): Buffer {
  const more = Buffer.alloc(Math.max(least, Math.floor(bytes.length * 1.5)));
  bytes.copy(more);
  return more;
}

const sectorBytes = 512;

/** What a cut leaves of writes that nobody synced: all, none, a beginning with its last write torn, or loose sectors. */
function survivors(writes: readonly Write[], chance: () => number): readonly Write[] {
  const fate = chance();
  if (fate < 0.1) return writes;
  if (fate < 0.3) return [];
  if (fate < 0.6)
    return prefix(writes, chance).map((write, index, all) => tornIfLast({ write, index, all }, chance));
  const share = chance();
  const sectors = writes.flatMap(toSectors).filter(() => chance() < share);
  return fate < 0.8 ? sectors : shuffled(sectors, chance);
}

function prefix<T>(all: readonly T[], chance: () => number): readonly T[] {
  return all.slice(0, Math.round(chance() * all.length));
}

function tornIfLast(
  { write, index, all }: { readonly write: Write; readonly index: number; readonly all: readonly Write[] },
  chance: () => number,
): Write {
  if (index < all.length - 1 || 'length' in write) return write;
  return { at: write.at, data: write.data.subarray(0, Math.floor(chance() * (write.data.length + 1))) };
}

function toSectors(write: Write): readonly Write[] {
  if ('length' in write) return [write];
  const sectors: Write[] = [];
  let from = 0;
  while (from < write.data.length) {
    const to = Math.min(write.data.length, from + sectorBytes - ((write.at + from) % sectorBytes));
    sectors.push({ at: write.at + from, data: write.data.subarray(from, to) });
    from = to;
  }
  return sectors;
}

function shuffled<T>(all: readonly T[], chance: () => number): readonly T[] {
  const mixed = all.map((one) => ({ one, place: chance() }));
  return mixed.sort((a, b) => a.place - b.place).map(({ one }) => one);
}
