import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from '#test/crash/campaign/dice.ts';
import type { FakeModel } from '#test/fakes/model/index.ts';
import type { FakeTelegram } from '#test/fakes/telegram/index.ts';

export interface FaultDeps {
  readonly model: FakeModel;
  readonly telegram: FakeTelegram;
  readonly dice: Dice;
}

type Fault = (deps: FaultDeps) => void;

/** The small troubles of every day. None of them is an outage, so every message is still answered within a minute. */
const faults: readonly Fault[] = [
  ({ telegram }) =>
    telegram.failNext('sendMessage', 429, 'Too Many Requests: retry after 1', { retry_after: 1 }),
  ({ telegram }) => telegram.dropAnswer('sendMessage'),
  ({ telegram }) => telegram.answerWith('sendMessage', 502, '<html>Bad Gateway</html>'),
  ({ telegram }) => telegram.answerWith('getUpdates', 502, '<html>Bad Gateway</html>'),
  ({ model }) => model.failNext(500),
  ({ model }) => model.failNext(429, { headers: { 'retry-after': '1' } }),
  ({ model }) => model.faultNext({ kind: 'reset' }),
  ({ model }) => model.faultNext({ kind: 'cut', afterBytes: 300 }),
  ({ model }) => model.faultNext({ kind: 'malformed' }),
];

/** One at a time, `everyMs` apart on average, until the signal aborts. */
export async function runFaults(deps: FaultDeps, everyMs: number, signal: AbortSignal): Promise<void> {
  const { dice } = deps;
  while (!signal.aborted) {
    await sleep(everyMs * (0.5 + dice.next()), null, { signal }).catch(() => null);
    if (!signal.aborted) faults[dice.between(0, faults.length - 1)]?.(deps);
  }
}
