const dayMs = 86_400_000;

/**
 * Epoch ms at which the day of `now` began in a time zone (null: UTC), also on days of 23 or 25 hours. Where clocks are
 * set at midnight itself, a skipped one is the first instant after it, and of two the second counts.
 */
export function dayStart(now: number, timezone: string | null): number {
  if (timezone === null) return now - (now % dayMs);
  const start = now - sinceMidnight(now, timezone);
  // Clocks were set since midnight: the same look from where midnight seems to be tells by how much.
  const read = sinceMidnight(start, timezone);
  return read > dayMs / 2 ? start + dayMs - read : start - read;
}

/** What the clocks on the wall show, in ms. */
function sinceMidnight(now: number, timezone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const value = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return ((value('hour') * 60 + value('minute')) * 60 + value('second')) * 1_000 + (now % 1_000);
}
