import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { pictureTypes } from '../picture-types.ts';

type Extension = keyof typeof pictureTypes;

/** What the servers of models take of one picture; base64 makes it a third longer. */
const mostBytes = 3_750_000;
const mostPixelsAside = 8_000;

/** Whether models take the picture; if not, in words why. */
export function checkPicture(
  bytes: Uint8Array,
  mime: string,
): { readonly ok: true; readonly extension: Extension } | { readonly ok: false; readonly why: string } {
  const extension = extensionOf(mime);
  if (extension === null)
    return {
      ok: false,
      why: `it is a picture of a kind that models cannot see (${mime}): send it as JPEG or PNG`,
    };
  const size = sizeOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), extension);
  if (size === null || size.width === 0 || size.height === 0)
    return { ok: false, why: 'the picture is damaged' };
  if (Math.max(size.width, size.height) > mostPixelsAside) {
    const most = `${mostPixelsAside} × ${mostPixelsAside}`;
    return {
      ok: false,
      why: `the picture is ${size.width} × ${size.height} pixels; models take up to ${most}`,
    };
  }
  if (bytes.byteLength > mostBytes)
    return {
      ok: false,
      why: `the picture is over the ${mostBytes / 1e6} MB that models take: send it smaller`,
    };
  return { ok: true, extension };
}

/** Durable before it is told of. Mode 0600. The same again replaces it. */
export function keepPicture(bytes: Uint8Array, path: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.draft`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  const opened = openSync(folder, 'r');
  fsyncSync(opened);
  closeSync(opened);
}

function extensionOf(mime: string): Extension | null {
  const found = Object.entries(pictureTypes).find(([, type]) => type === mime)?.[0];
  return found === 'png' || found === 'jpg' || found === 'webp' || found === 'gif' ? found : null;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Width and height as the header states them; null when there is no such header. */
function sizeOf(bytes: Buffer, extension: Extension): Size | null {
  if (bytes.length < 30) return null;
  switch (extension) {
    case 'png':
      return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
    case 'gif':
      return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
    case 'webp':
      return webpSize(bytes);
    case 'jpg':
      return jpegSize(bytes);
  }
}

function webpSize(bytes: Buffer): Size | null {
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    default:
      return null;
  }
}

/** The size stands in the first frame header, behind segments of any length. */
function jpegSize(bytes: Buffer): Size | null {
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff;) {
    const mark = bytes[at + 1] ?? 0;
    const isFrame = mark >= 0xc0 && mark <= 0xcf && mark !== 0xc4 && mark !== 0xc8 && mark !== 0xcc;
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    // A filler byte, or a segment with its length.
    at += mark === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}
