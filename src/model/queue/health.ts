import type { ModelError } from '#core/ports/model.ts';

/** Remembers, across requests, which models are worth a call right now. */
export interface Health {
  /** Labels that may be tried now, in the given order. Empty when every one of them asked to be left alone. */
  ready(labels: readonly string[]): readonly string[];
  /** Called when a call to the model begins; the returned function takes its outcome, null for one that tells nothing. */
  begin(label: string): (outcome: 'ok' | ModelError | null) => void;
  /** When the first of the labels may be tried again (`clock.elapsed()`), and what it said last. */
  nextOf(labels: readonly string[]): { readonly at: number; readonly error: ModelError | null };
}

const failuresToOpen = 3;
const openMs = 30_000;
/** A longer Retry-After is probed after this time all the same: a wrong date must not disable a model for ever. */
const longestPauseMs = 15 * 60_000;

interface State {
  failures: number;
  openUntil: number;
  probing: boolean;
  /** From Retry-After: an instruction, followed even by requests that have not failed themselves. */
  pausedUntil: number;
  error: ModelError | null;
}

/**
 * closed → (3 failures in a row) open for 30 s → half-open: one probe → closed | open again.
 * An open model is skipped while another can answer; when all are open they are tried all the same.
 */
export function createHealth(clock: { elapsed(): number }): Health {
  const states = new Map<string, State>();
  return { ready, begin, nextOf };

  function ready(labels: readonly string[]): readonly string[] {
    const now = clock.elapsed();
    const allowed = labels.filter((label) => stateOf(label).pausedUntil <= now);
    const closed = allowed.filter((label) => !isOpen(stateOf(label), now));
    return closed.length > 0 ? closed : allowed;
  }

  function begin(label: string): (outcome: 'ok' | ModelError | null) => void {
    const state = stateOf(label);
    if (state.failures >= failuresToOpen) state.probing = true;
    return (outcome) => {
      state.probing = false;
      if (outcome === 'ok') states.delete(label);
      else if (outcome !== null) fail(label, outcome);
    };
  }

  function fail(label: string, error: ModelError): void {
    const state = stateOf(label);
    // A request that the model cannot take says nothing about the next one.
    if (error.type !== 'transient' && error.type !== 'rate-limited' && error.type !== 'auth') return;
    const now = clock.elapsed();
    state.failures += 1;
    state.error = error;
    if (state.failures >= failuresToOpen) state.openUntil = now + openMs;
    if (error.retryAfterMs !== null) state.pausedUntil = now + Math.min(error.retryAfterMs, longestPauseMs);
  }

  function nextOf(labels: readonly string[]): { at: number; error: ModelError | null } {
    const known = labels.map(stateOf).sort((a, b) => a.pausedUntil - b.pausedUntil);
    return {
      at: known[0]?.pausedUntil ?? 0,
      error: known.find((state) => state.error !== null)?.error ?? null,
    };
  }

  function stateOf(label: string): State {
    const known = states.get(label);
    if (known !== undefined) return known;
    const state = { failures: 0, openUntil: 0, probing: false, pausedUntil: 0, error: null };
    states.set(label, state);
    return state;
  }
}

function isOpen(state: State, now: number): boolean {
  return state.failures >= failuresToOpen && (now < state.openUntil || state.probing);
}
