import type { ChatKey } from '../address.ts';
import type { FileRef } from '../event.ts';

/** A file that came in, named by the message it came with. */
export interface ReceivedFile {
  readonly chat: ChatKey;
  readonly event: string;
  /** Its place among the message's files. */
  readonly index: number;
  readonly file: FileRef;
}

export type MediaReading =
  | { readonly outcome: 'text'; readonly mime: string; readonly text: string }
  /** Kept as a file; `path` is relative to the home. */
  | { readonly outcome: 'image'; readonly mime: string; readonly path: string }
  /** In words for a person: too large, of an unknown type, gone, damaged. */
  | { readonly outcome: 'unreadable'; readonly mime: string; readonly why: string };

export interface MediaPort {
  /**
   * Fetches a file and reads it: only for senders that were let in. Contract: never rejects for what the platform or the
   * file does; rejects as `fenced` when a newer gateway took over; an abort ends it within a second as unreadable.
   * Reading again gives the same.
   */
  read(received: ReceivedFile, signal: AbortSignal): Promise<MediaReading>;
}
