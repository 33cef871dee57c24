import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';

const rotateBytes = 10 * 1024 * 1024;

export interface LogFile {
  /** Contract: never throws, never blocks. What cannot be written is lost; `onError` is told. */
  write(line: string): void;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/**
 * Appends lines to a file that only its owner can read; at 10 MB it is kept once as `<file>.1` and begun anew.
 * `onError` is told once when writing begins to fail; each further line tries again.
 */
export function createLogFile(path: string, onError: (error: Error) => void): LogFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let bytes = sizeOf(path);
  let isFailing = false;
  let stream = open();
  return {
    write(line) {
      if (bytes > rotateBytes) rotate();
      // A stream that has met an error takes nothing more; the disk may have room again by now.
      if (stream.destroyed) stream = open();
      bytes += Buffer.byteLength(line);
      stream.write(line, (error) => {
        if (!error) isFailing = false;
      });
    },
    close: () =>
      new Promise((resolve) => {
        stream.end(() => resolve());
      }),
  };

  function open(): WriteStream {
    return createWriteStream(path, { flags: 'a', mode: 0o600 }).on('error', fail);
  }

  function fail(error: Error): void {
    if (!isFailing) onError(error);
    isFailing = true;
  }

  function rotate(): void {
    stream.end();
    bytes = 0;
    try {
      renameSync(path, `${path}.1`);
    } catch (error) {
      // Somebody took the file away: then there is nothing to keep, and the next line begins a new one.
      fail(error instanceof Error ? error : new Error(String(error)));
    }
    stream = open();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
