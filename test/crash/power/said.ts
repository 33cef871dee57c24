import { z } from 'zod';

/**
 * What the writer said, a line each, written to a file on the same disk and so in one order with all that happened to
 * the disk: `asked` before it called a verb of the store, `told` once that had resolved.
 */
export const saidSchema = z.discriminatedUnion('what', [
  /** All messages of the channel's batch `batch` and the cursor `batch`, in one verb. */
  z.object({
    what: z.literal('accept'),
    told: z.boolean(),
    channel: z.string(),
    batch: z.number(),
    ids: z.array(z.string()),
  }),
  z.object({ what: z.literal('claim'), told: z.literal(true), turn: z.string() }),
  /** The turn's `moment`-th append: two replies; the last one also ends the turn and its events and queues an answer. */
  z.object({
    what: z.literal('append'),
    told: z.boolean(),
    turn: z.string(),
    moment: z.number(),
    last: z.boolean(),
  }),
  z.object({ what: z.literal('settle'), told: z.boolean(), delivery: z.string() }),
]);
export type Said = Readonly<z.infer<typeof saidSchema>>;

/** A turn has so many moments. */
export const moments = 3;
