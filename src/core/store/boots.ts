export interface BootsPort {
  /**
   * Done by the store itself when it opens; read here. `crashStreak` counts the boots before this one, latest first,
   * that neither stopped cleanly nor became healthy.
   */
  current(): Promise<{ readonly epoch: number; readonly crashStreak: number; readonly startedAt: number }>;
  /** A read that rejects as `fenced` when a newer boot has raised the epoch: asked before each outside call. */
  assertCurrent(): Promise<void>;
  /** The turns a crash left running have all gone on or ended: the streak starts anew. */
  healthy(): Promise<void>;
  /** A clean stop. */
  stopped(): Promise<void>;
}
