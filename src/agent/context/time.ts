/** The last moment that a Date can name. */
const endOfTime = 8_640_000_000_000_000;
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/**
 * Writes times as `Fri 2026-11-20 09:14 Europe/Rome`; UTC where the person has no time zone. Made once and used for a
 * whole history: making an Intl format costs as much as using it a thousand times.
 */
export function createTimeFormat(timezone: string | null): (at: number) => string {
  // A platform's odd clock must not make a conversation unreadable for ever.
  const write = timezone === null ? utcTime : zoneFormat(timezone);
  return (at) => `${write(Math.min(at, endOfTime))} ${timezone ?? 'UTC'}`;
}

/** Without Intl: most conversations have no time zone, and each of their requests writes every time again. */
function utcTime(at: number): string {
  const date = new Date(at);
  const [day = '', time = ''] = date.toISOString().replace('+', '').split('T');
  return `${weekdays[date.getUTCDay()] ?? ''} ${day} ${time.slice(0, 5)}`;
}

function zoneFormat(timeZone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (at) => {
    const parts = format.formatToParts(at);
    const part = (type: string): string => parts.find((item) => item.type === type)?.value ?? '';
    return `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
  };
}
