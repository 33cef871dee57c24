import { TiroError } from '#core/errors.ts';
import type { BootsPort } from '#core/store/boots.ts';
import type { Session, Verbs } from './session.ts';

export interface BootRow {
  readonly epoch: number;
  readonly pid: number;
  readonly process_started: string | null;
  readonly started_at: number;
  readonly healthy: number;
  readonly stopped: number;
}

export function createBoots(session: Session): Verbs<BootsPort> {
  const { epoch } = session;
  return {
    current: () => {
      const row = session.get<BootRow>('SELECT * FROM boots WHERE epoch = @epoch', { epoch });
      return { epoch, crashStreak: crashStreak(), startedAt: row?.started_at ?? 0 };
    },
    assertCurrent: () => requireNewestEpoch(session),
    healthy: () => {
      session.run('UPDATE boots SET healthy = 1 WHERE epoch = @epoch', { epoch });
    },
    stopped: () => {
      session.run('UPDATE boots SET stopped = 1 WHERE epoch = @epoch', { epoch });
    },
  };

  function crashStreak(): number {
    const lastGood = session.get<{ epoch: number }>(
      `SELECT epoch FROM boots WHERE epoch < @epoch AND (healthy = 1 OR stopped = 1)
       ORDER BY epoch DESC LIMIT 1`,
      { epoch },
    );
    const crashed = session.get<{ n: number }>(
      'SELECT count(*) AS n FROM boots WHERE epoch < @epoch AND epoch > @lastGood',
      { epoch, lastGood: lastGood?.epoch ?? 0 },
    );
    return crashed?.n ?? 0;
  }
}

/** Contract: throws `fenced` when a newer boot has the home. */
export function requireNewestEpoch(session: Session): void {
  const newest = session.get<{ epoch: number }>('SELECT max(epoch) AS epoch FROM boots');
  if (newest?.epoch === session.epoch) return;
  throw new TiroError(
    'fenced',
    `Gateway ${newest?.epoch ?? 0} has taken this home over from gateway ${session.epoch}.`,
  );
}
