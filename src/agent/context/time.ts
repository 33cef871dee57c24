/** The last moment that a Date can name. */
const endOfTime = 8_640_000_000_000_000;

/**
 * Writes times as `Fri 2026-11-20 09:14 Europe/Rome`; UTC where the person has no time zone. Made once and used for a
 * whole history: making an Intl format costs as much as using it a thousand times.
 */
export function createTimeFormat(timezone: string | null): (at: number) => string {
  const zone = timezone ?? 'UTC';
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (at) => {
    // A platform's odd clock must not make a conversation unreadable for ever.
    const parts = format.formatToParts(Math.min(at, endOfTime));
    const part = (type: string): string => parts.find((item) => item.type === type)?.value ?? '';
    return `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')} ${zone}`;
  };
}
