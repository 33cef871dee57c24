import type { Person } from '#core/person.ts';
import type { SpendLimit } from '#core/spend.ts';
import { dayStart } from '#lib/day.ts';

/** `budget` of the config, in USD. */
export interface BudgetSettings {
  readonly perTurnUsd: number;
  readonly perPersonDayUsd: number;
  readonly guestDayUsd: number;
}

/**
 * The ceilings of one model call, all of which its upper estimate must stay under. A guest's day is smaller; a day begins
 * at midnight of the person's time zone (UTC where none is known). `settings` is read at each use.
 */
export function limitsFor(
  settings: () => BudgetSettings,
): (person: Pick<Person, 'role' | 'timezone'>, now: number) => readonly SpendLimit[] {
  return (person, now) => {
    const { perTurnUsd, perPersonDayUsd, guestDayUsd } = settings();
    return [
      { scope: 'turn', limitUsd: perTurnUsd, since: 0 },
      {
        scope: 'person-day',
        limitUsd: person.role === 'guest' ? guestDayUsd : perPersonDayUsd,
        since: dayStart(now, person.timezone),
      },
    ];
  };
}
