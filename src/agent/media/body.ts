import type { MediaReading, ReceivedFile } from '#core/ports/media.ts';
import type { StepBody } from '#core/step.ts';
import type { Append } from '#core/store/turns.ts';
import { cleanFileName } from '#lib/text/file-name.ts';

export type MediaBody = Extract<StepBody, { kind: 'media' }>;

/** What a file came to, and what that cost. */
export interface Read {
  readonly body: MediaBody;
  readonly settle: Append['settle'];
}

export function bodyOf(
  { event, index, file }: ReceivedFile,
  reading: Exclude<MediaReading, { outcome: 'audio' }>,
): MediaBody {
  const { outcome, mime } = reading;
  const named = { kind: 'media', event, file: index, name: cleanFileName(file.name), mime, outcome } as const;
  switch (reading.outcome) {
    case 'text':
      return { ...named, content: reading.text, path: null };
    case 'image':
      return { ...named, content: reading.note, path: reading.path };
    case 'unreadable': {
      const size = file.bytes === null ? '' : ` (${sizeText(file.bytes)})`;
      return { ...named, content: `${reading.why}${size}`, path: null };
    }
  }
}

function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
