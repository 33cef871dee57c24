import type { Session } from './session.ts';

/** How many rows of a table stand in each status; statuses without a row count 0. */
export function countByStatus<Status extends string>(
  session: Session,
  noun: 'events' | 'turns' | 'outbox',
  zero: Readonly<Record<Status, number>>,
): Readonly<Record<Status, number>> {
  const rows = session.all<{ status: Status; n: number }>('SELECT status, n FROM counts WHERE noun = @noun', {
    noun,
  });
  const counts: Record<Status, number> = { ...zero };
  for (const row of rows) counts[row.status] = row.n;
  return counts;
}
