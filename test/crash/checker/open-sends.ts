import type { Sent, Sighting } from '../history.ts';

/**
 * So long before the kill an answer must have left for the gateway to have had time to commit it; and so long after it
 * the platform may still read what had left before. No gateway starts as fast as that.
 */
const freshMs = 100;

/**
 * openSends: sends that the platform accepted and that were unanswered, or answered less than 100 ms before, when a gateway
 * was killed or stopped. Only these may have to be made again, so `flagged` is never more than they are.
 *
 * A send makes a message; an edit may be made twice unseen and does not count. What the platform reads right after a kill
 * had left the killed one before. Each send counts once, however many kills it is open at.
 */
export function countOpenSends(history: readonly Sighting[]): number {
  const sends: Sent[] = [];
  const open = new Set<Sent>();
  let downSince = Number.NEGATIVE_INFINITY;
  for (const seen of history) {
    if (seen.type === 'sent' && seen.kind === 'new') {
      sends.push(seen);
      if (seen.at - downSince < freshMs && isOpen(seen, downSince)) open.add(seen);
    } else if (seen.type === 'started') {
      downSince = Number.NEGATIVE_INFINITY;
    } else if (seen.type === 'ended') {
      downSince = seen.at;
      for (const send of openAt(sends, seen.at)) open.add(send);
    }
  }
  return open.size;
}

function openAt(sends: readonly Sent[], at: number): readonly Sent[] {
  return sends.filter((send) => isOpen(send, at));
}

function isOpen({ answeredAt }: Sent, at: number): boolean {
  return answeredAt === null || at - answeredAt < freshMs;
}
