import type { MediaPort, MediaReading, OutgoingFilesPort, ReceivedFile } from '#core/ports/media.ts';
import { cleanFileName } from '#lib/text/file-name.ts';
import { createGate } from '#lib/flow/gate.ts';
import { type Worker, createWorker } from '#lib/worker.ts';
import {
  type Download,
  type DownloadDeps,
  type DownloadLimits,
  createDownload,
  tooLargeText,
} from './download.ts';
import { type HomeFiles, createHomeFiles } from './home-files.ts';
import { pictureTypes } from './picture-types.ts';
import type { Answer } from './protocol.ts';
import { type Reader, type ReaderLimits, createReader } from './reader.ts';

export interface MediaLimits extends DownloadLimits, ReaderLimits {
  /** Files that are in hand (fetched, or waiting to be read), and that are read, at the same time. */
  readonly downloads: number;
  readonly readers: number;
}

export const defaultMediaLimits: MediaLimits = {
  fileBytes: 20_000_000,
  downloadMs: 60_000,
  retryMs: [500, 2_000],
  parseMs: 20_000,
  memoryMb: 256,
  downloads: 4,
  readers: 2,
};

export interface Media extends MediaPort {
  readonly files: OutgoingFilesPort;
  /** Removes, now and then, what was kept long enough. */
  readonly retention: Worker;
}

const sweepEveryMs = 6 * 3_600_000;

/** fetch → count → thread: what is it, what does it say → text | a kept picture | a recording | why not, in words. */
export function createMedia(
  deps: DownloadDeps,
  home: string,
  limits: MediaLimits = defaultMediaLimits,
): Media {
  const files = createHomeFiles(deps, home);
  const download = createDownload(deps, limits);
  const reader = createReader(deps, limits);
  const retention = createWorker(
    { clock: deps.clock, onDefect: (error) => deps.log.error('media.sweep-failed', { error }) },
    { pollMs: sweepEveryMs, tick: () => files.sweep().then(() => false) },
  );
  const parts = {
    files,
    download,
    reader,
    limits,
    enterDownload: createGate(limits.downloads),
    enterReader: createGate(limits.readers),
  };
  return {
    read: (received, signal) => unlessStopped(signal, () => read(parts, received, signal)),
    files,
    retention,
  };
}

interface Parts {
  readonly files: HomeFiles;
  readonly download: Download;
  readonly reader: Reader;
  readonly limits: MediaLimits;
  readonly enterDownload: ReturnType<typeof createGate>;
  readonly enterReader: ReturnType<typeof createGate>;
}

async function read(parts: Parts, received: ReceivedFile, signal: AbortSignal): Promise<MediaReading> {
  const { file, event, index } = received;
  // A claim may spare us the work, never let anything in.
  if (file.kind === 'video') return unreadable(file.mime, 'it is a video, which I cannot watch');
  const { fileBytes } = parts.limits;
  if ((file.bytes ?? 0) > fileBytes) return unreadable(file.mime, tooLargeText(fileBytes));
  const stem = parts.files.pictureStem(event, index);
  // What was fetched keeps its place until it is read: else all that wait for a reader would lie in memory.
  return parts.enterDownload(async () => {
    const fetched = await parts.download(received, signal);
    if (!fetched.ok) return unreadable(file.mime, fetched.why);
    const question = {
      bytes: fetched.bytes,
      name: cleanFileName(file.name),
      claimed: file.mime,
      keepAs: parts.files.pathOf(stem),
    };
    return readingOf(await parts.enterReader(() => parts.reader(question, signal)), stem);
  });
}

function readingOf(answer: Answer, stem: string): MediaReading {
  switch (answer.outcome) {
    case 'text':
    case 'unreadable':
      return answer;
    case 'audio':
      return { outcome: 'audio', mime: answer.mime, bytes: new Uint8Array(answer.bytes) };
    case 'image': {
      const { extension, note } = answer;
      return { outcome: 'image', mime: pictureTypes[extension], path: `${stem}.${extension}`, note };
    }
  }
}

function unreadable(mime: string, why: string): MediaReading {
  return { outcome: 'unreadable', mime, why };
}

/** Ends with the signal at once; what it left behind ends by itself. */
async function unlessStopped(signal: AbortSignal, work: () => Promise<MediaReading>): Promise<MediaReading> {
  const stopped = Promise.withResolvers<MediaReading>();
  const onAbort = (): void => stopped.resolve(unreadable('application/octet-stream', 'it was stopped'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await (signal.aborted ? stopped.promise : Promise.race([work(), stopped.promise]));
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
