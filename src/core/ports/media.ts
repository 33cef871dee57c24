import type { ChatKey } from '../address.ts';
import type { FileRef } from '../event.ts';
import type { Usage } from '../step.ts';

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
  /** Kept as a file; `path` is relative to the home. `note` says what is odd about it; mostly ''. */
  | { readonly outcome: 'image'; readonly mime: string; readonly path: string; readonly note: string }
  /** A recording, whose words are still to be found. Not kept. */
  | { readonly outcome: 'audio'; readonly mime: string; readonly bytes: Uint8Array<ArrayBuffer> }
  /** In words for a person: too large, of an unknown type, gone, damaged. */
  | { readonly outcome: 'unreadable'; readonly mime: string; readonly why: string };

export interface MediaPort {
  /**
   * Fetches a file and reads it: only for senders that were let in. Contract: never rejects for what the platform or the
   * file does, nor blocks the event loop; an abort ends it within a second as unreadable. Reading again gives the same.
   */
  read(received: ReceivedFile, signal: AbortSignal): Promise<MediaReading>;
}

/** Files that Tiro makes for people. */
export interface OutgoingFilesPort {
  /**
   * Writes the file under the home, durably, and returns its path relative to it. The same key, name and text: the same
   * file, however often. `name` is one clean path segment. Rejects as `unavailable` where the disk refuses.
   */
  write(file: { readonly key: string; readonly name: string; readonly text: string }): Promise<string>;
  /** Where a file of the home lies. */
  pathOf(relative: string): string;
  /** The bytes of a kept file; null when it is not there any more. */
  read(relative: string): Promise<Uint8Array<ArrayBuffer> | null>;
}

export interface Recording {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly mime: string;
}

export type Transcribed =
  | {
      readonly ok: true;
      readonly text: string;
      readonly usage: Usage | null;
      /** Null when the price is unknown. */
      readonly costUsd: number | null;
    }
  | {
      readonly ok: false;
      /** One plain sentence without secrets, fit for a person. */
      readonly why: string;
      /** The provider may have done the work. */
      readonly mayBeBilled: boolean;
    };

export interface TranscriptionPort {
  /** The configured model, and what a recording of so many bytes may cost at most (null: its price is unknown). Null: none is configured. */
  estimate(bytes: number): { readonly model: string; readonly upperUsd: number | null } | null;
  /**
   * The words of a recording. Contract: never throws for what a provider answers; an abort ends it within a second; made
   * again only after an answer that surely cost nothing. `beforeCall` is asked before each call; its throw passes through.
   */
  transcribe(
    recording: Recording,
    beforeCall: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<Transcribed>;
}
