import { z } from 'zod';
import { type InboundEvent, inboundEventSchema } from '../event.ts';

/** What is known of messages that were sent as one and come one by one (see lib/parts), as it is stored. */
export const albumsSchema = z.object({
  open: z.array(
    z.object({
      key: z.string(),
      place: z.string(),
      parts: z.array(z.object({ order: z.number(), value: inboundEventSchema })),
    }),
  ),
  done: z.array(z.object({ key: z.string(), orders: z.array(z.number()) })),
});

/** An album is one event with the place and time of its first message, all its files, and each of its words once. */
export function mergeAlbum(events: readonly InboundEvent[], platformId: string): InboundEvent {
  const [first] = events;
  if (first === undefined) throw new Error('An album has at least one message.');
  const texts = [...new Set(events.map(({ text }) => text))];
  // What the album answers stands behind each of its texts.
  const words = texts.filter((text) => !texts.some((other) => other !== text && other.includes(text)));
  return {
    ...first,
    platformId,
    addressed: events.some(({ addressed }) => addressed),
    text: words.join('\n'),
    files: events.flatMap(({ files }) => files),
    raw: `[${events.map(({ raw }) => raw).join(',')}]`,
  };
}
