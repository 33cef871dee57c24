import type { Role } from '#core/person.ts';
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
 * at midnight of the person's time zone (UTC where none is known).
 */
export function limitsFor(
  settings: BudgetSettings,
  who: { readonly role: Role; readonly timezone: string | null },
  now: number,
): readonly SpendLimit[] {
  const dayUsd = who.role === 'guest' ? settings.guestDayUsd : settings.perPersonDayUsd;
  return [
    { scope: 'turn', limitUsd: settings.perTurnUsd, since: 0 },
    { scope: 'person-day', limitUsd: dayUsd, since: dayStart(now, who.timezone) },
  ];
}
