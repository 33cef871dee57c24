import type { Asked, Sighting, Stage } from '../history.ts';

/** From the signal that wakes a process to what it had begun to write being read, on a busy machine. */
const inFlightMs = 250;

/**
 * modelCallsRepeatedAfterCommit: model calls that were made although their reply had surely been committed before. One
 * line for each.
 *
 * Sure is it when the outside saw what is used only after the commit: the whole answer (no further call for its
 * messages), or a tool's effect (the reply that asked for the tool is committed; the call with its results may follow).
 * And when the gateway was killed at a failpoint that lies behind the commit. Previews prove nothing.
 *
 * inFlight: the one call that a gateway may have been writing when it was stopped at a random instant, and that arrives
 * when it wakes. One, because one thread writes one request at a time; a second one would have been begun after the wake.
 */
export function findRepeatedCalls(history: readonly Sighting[]): {
  readonly repeated: readonly string[];
  readonly inFlight: number;
} {
  const proofs = new Map<string, string>();
  const repeated: string[] = [];
  let inFlight = 0;
  let wokenAt: number | null = null;
  for (const seen of history) {
    if (seen.type === 'woken') wokenAt = seen.at;
    if (seen.type === 'asked') {
      const proof = proofOf(proofs, seen);
      const excused = wokenAt !== null && seen.at - wokenAt < inFlightMs;
      if (proof !== undefined && excused) {
        inFlight += 1;
        wokenAt = null;
      } else if (proof !== undefined) repeated.push(`modelCallsRepeatedAfterCommit: ${proof}`);
    }
    for (const { message, stage, why } of committedBy(seen)) {
      const key = keyOf(message, stage);
      if (!proofs.has(key)) proofs.set(key, why);
    }
  }
  return { repeated, inFlight };
}

interface Committed {
  readonly message: string;
  readonly stage: Stage;
  readonly why: string;
}

/** The replies that must have been committed for this to be seen. Whoever has the last one has the first. */
function committedBy(seen: Sighting): readonly Committed[] {
  switch (seen.type) {
    case 'effect':
      return upTo(seen.message, 'start', `${seen.tool} had acted`);
    case 'sent':
      return seen.whole
        ? seen.messages.flatMap((message) => upTo(message, 'results', 'its answer had been seen'))
        : [];
    case 'ended':
      return seen.committed.flatMap(({ message, stage }) =>
        upTo(message, stage, `the kill at ${seen.point ?? 'a failpoint'} lay behind its commit`),
      );
    case 'said':
    case 'acknowledged':
    case 'asked':
    case 'woken':
    case 'started':
      return [];
  }
}

function upTo(message: string, stage: Stage, why: string): readonly Committed[] {
  const stages: readonly Stage[] = stage === 'results' ? ['start', 'results'] : ['start'];
  return stages.map((one) => ({ message, stage: one, why }));
}

function proofOf(proofs: ReadonlyMap<string, string>, { messages, stage }: Asked): string | undefined {
  const repeated = messages.find((message) => proofs.has(keyOf(message, stage)));
  if (repeated === undefined) return undefined;
  return `${repeated} (${stage}) was asked for again: ${proofs.get(keyOf(repeated, stage))}`;
}

function keyOf(message: string, stage: Stage): string {
  return `${message} ${stage}`;
}
