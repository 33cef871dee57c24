import { expect, test } from 'vitest';
import { limitsFor } from './limits.ts';

const now = Date.UTC(2026, 10, 20, 12);

test('a call stays under the turn’s ceiling and under the person’s day', () => {
  const limits = limitsFor(() => ({ perTurnUsd: 0.5, perPersonDayUsd: 5, guestDayUsd: 0.2 }));
  expect(limits({ role: 'owner', timezone: null }, now)).toEqual([
    { scope: 'turn', limitUsd: 0.5, since: 0 },
    { scope: 'person-day', limitUsd: 5, since: Date.UTC(2026, 10, 20) },
  ]);
});

test('a guest’s day is smaller, and a day begins at the person’s own midnight', () => {
  const limits = limitsFor(() => ({ perTurnUsd: 0.5, perPersonDayUsd: 5, guestDayUsd: 0.2 }));
  expect(limits({ role: 'guest', timezone: null }, now)[1]).toMatchObject({ limitUsd: 0.2 });
  const rome = limits({ role: 'member', timezone: 'Europe/Rome' }, now);
  expect(rome[1]).toMatchObject({ limitUsd: 5, since: Date.UTC(2026, 10, 19, 23) });
});

test('a changed budget holds from the next call on', () => {
  const settings = { perTurnUsd: 0.5, perPersonDayUsd: 5, guestDayUsd: 0.2 };
  const limits = limitsFor(() => settings);
  settings.perTurnUsd = 1;
  expect(limits({ role: 'owner', timezone: null }, now)[0]).toMatchObject({ limitUsd: 1 });
});
