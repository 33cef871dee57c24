import { crc32, inflateRawSync } from 'node:zlib';

export interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export type Unzipped =
  | { readonly ok: true; readonly entries: readonly Entry[] }
  /** bomb: it holds more than `mostBytes` once unpacked. */
  | { readonly ok: false; readonly why: 'damaged' | 'encrypted' | 'bomb' };

const endMark = 0x06054b50;
const centralMark = 0x02014b50;
const localMark = 0x04034b50;
const endBytes = 22;
const longestComment = 65_535;
const mostEntries = 5_000;

interface Place {
  readonly name: string;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly packedBytes: number;
  readonly at: number;
}

/** The names in a ZIP archive; null when it is none. Nothing is unpacked, and no size that it states is trusted. */
export function namesIn(bytes: Uint8Array): readonly string[] | null {
  return (
    placesIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))?.map(({ name }) => name) ?? null
  );
}

/** Unpacks the wanted entries, together at most `mostBytes`: unpacking stops there, whatever the archive states. */
export function unzip(
  bytes: Uint8Array,
  { wanted, mostBytes }: { readonly wanted: (name: string) => boolean; readonly mostBytes: number },
): Unzipped {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Entry[] = [];
  let room = mostBytes;
  for (const place of placesIn(archive) ?? []) {
    if (!wanted(place.name) || entries.some(({ name }) => name === place.name)) continue;
    if (place.isEncrypted) return { ok: false, why: 'encrypted' };
    const unpacked = unpack(archive, place, room);
    if (unpacked === 'damaged' || unpacked === 'bomb') return { ok: false, why: unpacked };
    room -= unpacked.byteLength;
    entries.push({ name: place.name, bytes: unpacked });
  }
  return { ok: true, entries };
}

function placesIn(archive: Buffer): readonly Place[] | null {
  const end = endOf(archive);
  if (end === null) return null;
  const count = Math.min(archive.readUInt16LE(end + 10), mostEntries);
  let at = archive.readUInt32LE(end + 16);
  const places: Place[] = [];
  while (places.length < count && at + 46 <= archive.length && archive.readUInt32LE(at) === centralMark) {
    const nameBytes = archive.readUInt16LE(at + 28);
    places.push({
      name: archive.toString('utf8', at + 46, at + 46 + nameBytes),
      method: archive.readUInt16LE(at + 10),
      isEncrypted: (archive.readUInt16LE(at + 8) & 1) === 1,
      packedBytes: archive.readUInt32LE(at + 20),
      at: archive.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return places;
}

function endOf(archive: Buffer): number | null {
  const first = Math.max(0, archive.length - endBytes - longestComment);
  for (let at = archive.length - endBytes; at >= first; at -= 1) {
    if (archive.readUInt32LE(at) === endMark) return at;
  }
  return null;
}

function unpack(archive: Buffer, place: Place, room: number): Uint8Array | 'damaged' | 'bomb' {
  const { at, method, packedBytes } = place;
  if (at + 30 > archive.length || archive.readUInt32LE(at) !== localMark) return 'damaged';
  const start = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  const packed = archive.subarray(start, start + packedBytes);
  if (packed.byteLength !== packedBytes) return 'damaged';
  if (method === 0) return packed.byteLength > room ? 'bomb' : packed;
  if (method !== 8) return 'damaged';
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, room) });
  } catch (error) {
    return error instanceof RangeError ? 'bomb' : 'damaged';
  }
}

/** A ZIP archive of these entries as they are, nothing packed. */
export function zipOf(entries: readonly Entry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const { name, bytes } of entries) {
    const nameBytes = Buffer.from(name, 'utf8');
    const local = Buffer.alloc(30);
    local.writeUInt32LE(localMark, 0);
    local.writeUInt16LE(20, 4);
    writeSizes(local, 14, { bytes, nameBytes });
    const central = Buffer.alloc(46);
    central.writeUInt32LE(centralMark, 0);
    central.writeUInt16LE(20, 4);
    central.writeUInt16LE(20, 6);
    writeSizes(central, 16, { bytes, nameBytes });
    central.writeUInt32LE(at, 42);
    locals.push(local, nameBytes, Buffer.from(bytes));
    centrals.push(central, nameBytes);
    at += local.length + nameBytes.length + bytes.byteLength;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(endBytes);
  end.writeUInt32LE(endMark, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

function writeSizes(header: Buffer, at: number, entry: { bytes: Uint8Array; nameBytes: Buffer }): void {
  header.writeUInt32LE(crc32(entry.bytes), at);
  header.writeUInt32LE(entry.bytes.byteLength, at + 4);
  header.writeUInt32LE(entry.bytes.byteLength, at + 8);
  header.writeUInt16LE(entry.nameBytes.length, at + 12);
}
