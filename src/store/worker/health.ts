interface TimerPort {
  after(ms: number, run: () => void): () => void;
}

const askAgainMs = 1_000;

export interface HealthDeps {
  readonly timers: TimerPort;
  /** Writes something of no meaning, durably. */
  readonly ask: () => void;
  /** Told of each change. Null: the disk takes writes again. */
  readonly tell: (trouble: string | null) => void;
}

/**
 * Whether the disk takes writes. Once it has refused one it is asked again and again until it takes one: nobody else needs
 * to write for it to be known that all is well.
 */
export interface Health {
  /** After each group commit, those of `ask` too. Null: it was stored. */
  committed(refusal: string | null): void;
  stop(): void;
}

export function createHealth({ timers, ask, tell }: HealthDeps): Health {
  let trouble: string | null = null;
  let cancel: (() => void) | null = null;
  return { committed, stop: () => cancel?.() };

  function committed(refusal: string | null): void {
    if (refusal !== trouble) tell(refusal);
    trouble = refusal;
    cancel?.();
    cancel = refusal === null ? null : timers.after(askAgainMs, ask);
  }
}
