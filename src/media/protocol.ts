import { z } from 'zod';

/** What the thread is given: one file, its bytes handed over. */
export interface Question {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The cleaned name and the type that the sender's side claimed: only to say that they do not fit. */
  readonly name: string;
  readonly claimed: string;
  /** Where a picture is kept: absolute, without its extension. */
  readonly keepAs: string;
}

/** The thread reads hostile files: what it says is checked like everything from outside. */
export const answerSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('text'), mime: z.string().max(127), text: z.string().max(300_000) }),
  z.object({
    outcome: z.literal('image'),
    extension: z.enum(['png', 'jpg', 'webp', 'gif']),
    note: z.string().max(500),
  }),
  z.object({ outcome: z.literal('audio'), mime: z.string().max(127), bytes: z.instanceof(Uint8Array) }),
  z.object({ outcome: z.literal('unreadable'), mime: z.string().max(127), why: z.string().max(500) }),
]);
export type Answer = z.infer<typeof answerSchema>;
