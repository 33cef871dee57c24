import type { Asked, Sighting, Stage } from '../history.ts';

/**
 * modelCallsRepeatedAfterCommit: model calls that were made although their reply had surely been committed before. One
 * line for each.
 *
 * Sure is it when the outside saw what is used only after the commit: the whole answer (no further call for its
 * messages), or a tool's effect (the reply that asked for the tool is committed; the call with its results may follow).
 * And when the gateway was killed at a failpoint that lies behind the commit. Previews prove nothing.
 */
export function findRepeatedCalls(history: readonly Sighting[]): readonly string[] {
  const proofs = new Map<string, string>();
  const problems: string[] = [];
  for (const seen of history) {
    if (seen.type === 'asked') {
      const proof = proofOf(proofs, seen);
      if (proof !== undefined) problems.push(`modelCallsRepeatedAfterCommit: ${proof}`);
    }
    for (const { message, stage, why } of committedBy(seen)) {
      const key = keyOf(message, stage);
      if (!proofs.has(key)) proofs.set(key, why);
    }
  }
  return problems;
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
