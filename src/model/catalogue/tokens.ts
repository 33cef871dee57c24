import type { ModelRequest } from '#core/ports/model.ts';
import { promptOf } from '../wire/body.ts';
import { picturesIn } from '../wire/pictures.ts';
import type { Target } from './names.ts';

/** Turns sizes into tokens: UTF-8 bytes / 4, corrected per model by what its provider counted. */
export interface TokenMeter {
  tokens(label: string, bytes: number): number;
  /** Takes the provider's own count for a prompt of that size. */
  learn(label: string, bytes: number, counted: number): void;
}

const bytesPerToken = 4;
/** What a large picture costs with the dearest of the known providers; most cost a third. */
const tokensPerPicture = 3_000;
const newestWeight = 0.3;
/** A count outside these bounds is a provider's mistake (or counts something else) and must not spoil budgets. */
const bounds = { least: 0.25, most: 4 } as const;

/** Bytes rather than characters: for ASCII they are the same, and other scripts cost more tokens a character. */
export function createTokenMeter(): TokenMeter {
  const factors = new Map<string, number>();
  return {
    tokens: (label, bytes) => Math.ceil((bytes / bytesPerToken) * (factors.get(label) ?? 1)),
    learn: (label, bytes, counted) => {
      if (bytes <= 0 || counted <= 0) return;
      const seen = Math.min(bounds.most, Math.max(bounds.least, counted / (bytes / bytesPerToken)));
      const known = factors.get(label);
      factors.set(label, known === undefined ? seen : known + newestWeight * (seen - known));
    },
  };
}

/** The size in bytes of what is sent as the prompt. */
export type PromptSize = (request: ModelRequest, target: Target) => number;

/** A request never changes, and it is measured for its estimate, its reservation and its price: once is enough. */
export function createPromptSize(): PromptSize {
  const measured = new WeakMap<ModelRequest, Map<string, number>>();
  return (request, target) => {
    const byLabel = measured.get(request) ?? new Map<string, number>();
    measured.set(request, byLabel);
    const bytes = byLabel.get(target.label) ?? measure(request, target);
    byLabel.set(target.label, bytes);
    return bytes;
  };
}

function measure(request: ModelRequest, target: Target): number {
  const pictures = target.vision ? picturesIn(request).length : 0;
  return byteLength(JSON.stringify(promptOf(request, target))) + pictures * tokensPerPicture * bytesPerToken;
}

export function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
