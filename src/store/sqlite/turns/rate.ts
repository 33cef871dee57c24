import type { Role } from '#core/person.ts';
import type { TurnPlan } from '#core/store/events.ts';
import type { Session } from '../session.ts';

const minuteMs = 60_000;

/**
 * How many turns a person starts in a minute: so many at once, then one whenever its share of the minute is over. A row per
 * person who started some in the last minute; nothing is counted. Whoever is over it has no place in the line until
 * `due_at`, so a claim costs the same however many wait like this.
 */
export function countStart(
  session: Session,
  started: { readonly person: string; readonly role: Role },
  plan: Pick<TurnPlan, 'now' | 'turnsPerMinute'>,
): void {
  const { now } = plan;
  const perMinute = plan.turnsPerMinute?.[started.role] ?? 0;
  if (perMinute <= 0) return;
  session.run('DELETE FROM rates WHERE used_until <= @now', { now });
  const row = session.get<{ used: number }>('SELECT used_until AS used FROM rates WHERE person = @person', {
    person: started.person,
  });
  const shareMs = minuteMs / perMinute;
  // A clock that went back must not leave anybody waiting for more than a minute.
  const usedUntil = Math.min(Math.max(row?.used ?? now, now), now + minuteMs) + shareMs;
  const nextAt = Math.ceil(usedUntil + shareMs - minuteMs);
  session.run(
    `INSERT INTO rates (person, used_until, next_at) VALUES (@person, @usedUntil, @nextAt)
     ON CONFLICT (person) DO UPDATE SET used_until = excluded.used_until, next_at = excluded.next_at`,
    { person: started.person, usedUntil: Math.ceil(usedUntil), nextAt: nextAt > now ? nextAt : 0 },
  );
}

/** Those whose time has come are in the line again. Further ahead than a minute is no time of ours: the clock went back. */
export function releaseHeld(session: Session, now: number): void {
  session.run(
    `UPDATE loads INDEXED BY loads_held SET due_at = 0
     WHERE due_at > 0 AND (due_at <= @now OR due_at > @now + @minuteMs)`,
    { now, minuteMs },
  );
}
