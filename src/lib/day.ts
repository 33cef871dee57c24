const dayMs = 86_400_000;

/** Epoch ms of the last midnight in a time zone (null: UTC). On days when clocks change it may be off by that change. */
export function dayStart(now: number, timezone: string | null): number {
  if (timezone === null) return now - (now % dayMs);
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const value = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const sinceMidnight =
    ((value('hour') * 60 + value('minute')) * 60 + value('second')) * 1_000 + (now % 1_000);
  return now - sinceMidnight;
}
