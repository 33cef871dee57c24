import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';

const rotateBytes = 10 * 1024 * 1024;

export interface LogFile {
  write(line: string): void;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/** Appends lines to a file that only its owner can read; at 10 MB it is kept once as `<file>.1` and begun anew. */
export function createLogFile(path: string, onError: (error: Error) => void): LogFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let bytes = sizeOf(path);
  let stream = open();
  return {
    write(line) {
      if (bytes > rotateBytes) rotate();
      bytes += Buffer.byteLength(line);
      stream.write(line);
    },
    close: () =>
      new Promise((resolve) => {
        stream.end(() => resolve());
      }),
  };

  function open(): WriteStream {
    return createWriteStream(path, { flags: 'a', mode: 0o600 }).on('error', onError);
  }

  function rotate(): void {
    stream.end();
    renameSync(path, `${path}.1`);
    bytes = 0;
    stream = open();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
