/**
 * Time as a dependency. All times are epoch milliseconds, all durations end in `Ms`. The wall clock (`now`) may jump while
 * we run: it dates rows and is shown to people. How long something lasts is measured by `elapsed`, `sleep` and `after`.
 */
export interface ClockPort {
  now(): number;
  /** Milliseconds of a clock that nobody can set: only differences mean something, and only within one process. */
  elapsed(): number;
  /** Resolves after `ms`, or at once when the signal aborts (never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
}

export interface RandomPort {
  /** Uniform in [0, 1). Not for secrets. */
  next(): number;
}

/**
 * Structured log. Contract: never throws, never blocks; values pass the secret scrubber before they are written.
 * `event` is a word of the glossary and a verb, such as `turn.resumed`.
 */
export interface LogPort {
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}
