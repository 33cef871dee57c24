import type { ClockPort, LogPort } from '#core/ports/clock.ts';

/** How a channel is connected now, and since when. */
export interface Connection {
  readonly state: 'up' | 'down';
  /** For people. */
  readonly why: string;
  /** Epoch ms at which it went into this state. */
  readonly since: number;
  /** How often it went up or down since the start. */
  readonly changes: number;
}

/** So many lines in a row are written as they come; after them one in `calmMs`, with the number of those left out. */
const burst = 6;
const calmMs = 60_000;
/** So long without a line, and it may speak freely again. */
const forgetMs = 10 * 60_000;

/** What an adapter says of its connection, kept, and logged so that one that flaps does not flood the log. */
export function createConnection(
  { clock, log }: { readonly clock: ClockPort; readonly log: LogPort },
  channel: string,
): { read(): Connection; tell(state: 'up' | 'down', why: string): void } {
  let now: Connection = { state: 'down', why: 'not connected yet', since: clock.now(), changes: 0 };
  let [lines, leftOut, loggedAt] = [0, 0, clock.elapsed()];
  return { read: () => now, tell };

  function tell(state: 'up' | 'down', why: string): void {
    if (now.state === state && now.why === why) return;
    const changed = now.state !== state;
    now = { state, why, since: changed ? clock.now() : now.since, changes: now.changes + (changed ? 1 : 0) };
    const quietMs = clock.elapsed() - loggedAt;
    if (quietMs >= forgetMs) lines = 0;
    if (lines >= burst && quietMs < calmMs) {
      leftOut += 1;
      return;
    }
    const fields = { channel, state, why, ...(leftOut === 0 ? {} : { leftOut }) };
    log[state === 'up' ? 'info' : 'warn']('channel.state', fields);
    [lines, leftOut, loggedAt] = [lines + 1, 0, clock.elapsed()];
  }
}
