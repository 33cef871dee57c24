import { parseChatKey } from '#core/address.ts';
import { TiroError } from '#core/errors.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { ReceivedFile } from '#core/ports/media.ts';
import { within } from '#lib/net/within.ts';

export interface DownloadDeps {
  readonly adapter: (channel: string) => AdapterPort | null;
  readonly clock: ClockPort;
  readonly log: LogPort;
}

export interface DownloadLimits {
  readonly fileBytes: number;
  readonly downloadMs: number;
  /** Pauses before it is fetched again. */
  readonly retryMs: readonly number[];
}

export type Downloaded =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly why: string };

/** The bytes of a file, counted as they come: what a platform says of its size is not trusted. Never rejects. */
export type Download = (received: ReceivedFile, signal: AbortSignal) => Promise<Downloaded>;

export function createDownload(deps: DownloadDeps, limits: DownloadLimits): Download {
  const { clock, log } = deps;
  const tooLarge: Downloaded = { ok: false, why: tooLargeText(limits.fileBytes) };
  return async (received, signal) => {
    const channel = parseChatKey(received.chat)?.channel ?? '';
    const adapter = deps.adapter(channel);
    if (adapter?.fetch === undefined) return { ok: false, why: `the channel ${channel} hands over no files` };
    for (const pauseMs of [...limits.retryMs, null]) {
      try {
        return await fetchOnce(adapter, received, signal);
      } catch (error) {
        if (pauseMs === null || signal.aborted) return failed(error, received);
      }
      await clock.sleep(pauseMs, signal);
      if (signal.aborted) return stopped;
    }
    return stopped;
  };

  async function fetchOnce(
    adapter: AdapterPort,
    { file }: ReceivedFile,
    outer: AbortSignal,
  ): Promise<Downloaded> {
    return await within({ clock, ms: limits.downloadMs, signal: outer }, async (signal) => {
      const stream = await adapter.fetch?.(file, signal);
      if (stream === undefined) return tooLarge;
      const pieces = await readPieces(stream, signal, limits.fileBytes);
      return pieces === null ? tooLarge : { ok: true, bytes: joined(pieces) };
    });
  }

  function failed(error: unknown, { event, index }: ReceivedFile): Downloaded {
    log.warn('media.not-fetched', { event, file: index, error });
    // Other errors are no words for people, and may hold an address with a token.
    const why = error instanceof TiroError ? error.message : 'the platform did not hand it over';
    return { ok: false, why };
  }
}

export function tooLargeText(fileBytes: number): string {
  return `it is over the ${Math.round(fileBytes / 1e6)} MB that I read`;
}

const stopped: Downloaded = { ok: false, why: 'it was stopped' };

/** Null as soon as they are more than `most` bytes. */
async function readPieces(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  most: number,
): Promise<readonly Uint8Array[] | null> {
  const reader = stream.getReader();
  // A stream that does not heed the signal of its request ends all the same.
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return pieces;
      bytes += value.byteLength;
      if (bytes > most) return null;
      pieces.push(value);
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

/** In a buffer of its own, which can be handed to a thread. */
function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.byteLength;
  }
  return all;
}
