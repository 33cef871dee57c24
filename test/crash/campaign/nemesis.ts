import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel } from './platform/channel.ts';
import type { Dice } from './dice.ts';
import type { KillKind, PlannedKill } from './plan.ts';
import { type Points, whileStopping } from './points.ts';
import {
  type Arm,
  type GatewayProcess,
  type Surroundings,
  settleSockets,
  startGatewayProcess,
} from '../gateway-process.ts';
import type { Recorder } from './recorder.ts';

export interface NemesisDeps {
  readonly surroundings: Surroundings;
  readonly recorder: Recorder;
  readonly channels: readonly Channel[];
  readonly dice: Dice;
  readonly points: Points;
  readonly token: string;
  /** The time is over, or nothing moves any more: what is left of the plan is dropped. */
  readonly isOver: () => boolean;
  readonly onKill: (done: number) => void;
}

export interface Nemesis {
  /** Starts a gateway and takes it through all kills; the last one runs on. */
  run(plan: readonly PlannedKill[]): Promise<void>;
  /** Ends the last one the orderly way, with all that were stopped before. */
  finish(): Promise<void>;
  readonly kinds: ReadonlyMap<KillKind, number>;
  /** What gateways did that none may do. */
  readonly problems: readonly string[];
}

interface State {
  readonly deps: NemesisDeps;
  readonly kinds: Map<KillKind, number>;
  readonly problems: string[];
  /** Were stopped, and wake later or have woken; they hold the home's lock until they end. */
  readonly sleepers: Set<Promise<void>>;
  current: GatewayProcess | null;
}

const startMs = 350;
const soonMs = 80;
const anyMs = 30;
const [shortestSleepMs, longestSleepMs] = [600, 2_000];
/** EX_UNAVAILABLE: another gateway has the home. */
const fencedCode = 69;
const failpointPatienceMs = 1_500;
const endLimitMs = 20_000;
const pollMs = 4;

export function createNemesis(deps: NemesisDeps): Nemesis {
  const state: State = { deps, kinds: new Map(), problems: [], sleepers: new Set(), current: null };
  return {
    run: (plan) => run(state, plan),
    finish: () => finish(state),
    kinds: state.kinds,
    problems: state.problems,
  };
}

async function run(state: State, plan: readonly PlannedKill[]): Promise<void> {
  let done = 0;
  for (const kill of plan) {
    const arm = kill.kind === 'failpoint' ? state.deps.points.next() : null;
    const gateway = begin(state, arm);
    if (!(await suffer(state, gateway, { ...kill, arm }))) return; // it runs on
    done += 1;
    state.deps.onKill(done);
  }
  begin(state, null);
}

/** The next gateway; one that takes the home over where another may still have it. */
function begin(state: State, arm: Arm | null): GatewayProcess {
  const { deps, sleepers } = state;
  const gateway = startGatewayProcess(deps.surroundings, { arm, takeover: sleepers.size > 0 });
  state.current = gateway;
  void announce(state, gateway);
  return gateway;
}

/** Where it listens is told to the platforms once it takes messages. */
async function announce(state: State, gateway: GatewayProcess): Promise<void> {
  const { recorder, channels, token } = state.deps;
  const url = await gateway.ready;
  if (url === null || state.current !== gateway) return;
  recorder.add({ type: 'started', at: Date.now() });
  for (const channel of channels) channel.follow({ url, token });
}

/** True: the gateway was killed or stopped, as planned or at least at random. False: the campaign is over before that. */
async function suffer(
  state: State,
  gateway: GatewayProcess,
  { kind, after, arm }: PlannedKill & { readonly arm: Arm | null },
): Promise<boolean> {
  const { dice, recorder, isOver } = state.deps;
  const isDue = (): boolean => recorder.answeredCount() >= after;
  const until = async (what: () => boolean): Promise<void> => {
    while (!what() && !gateway.hasEnded() && !isOver()) await sleep(pollMs);
  };
  if (kind === 'start') await sleep(dice.between(0, startMs));
  else await until(gateway.isReady);
  if (kind === 'random' || kind === 'takeover') await until(isDue);
  const isToStop = arm?.point.includes(whileStopping) === true;
  if (isToStop) {
    await until(isDue);
    gateway.signal('SIGTERM');
  }
  if (kind === 'failpoint') {
    const patience = Date.now() + failpointPatienceMs;
    await until(() => isDue() && Date.now() > patience);
  }
  if (kind === 'ready') await sleep(dice.between(0, soonMs));
  if (kind === 'random' || kind === 'takeover') await sleep(dice.between(0, anyMs));
  if (gateway.hasEnded()) return gone(state, gateway, { kind, isToStop });
  if (isOver()) return false;
  count(state, kind === 'failpoint' ? 'random' : kind);
  if (kind === 'takeover') return await stop(state, gateway);
  const at = gateway.signal('SIGKILL');
  await gateway.ended;
  leave(state);
  recorder.ended({ at, how: 'kill', point: null, committed: [] });
  return true;
}

/** It ended before its time: at its failpoint, or by itself, which none may. */
async function gone(
  state: State,
  gateway: GatewayProcess,
  { kind, isToStop }: { readonly kind: KillKind; readonly isToStop: boolean },
): Promise<boolean> {
  const { recorder, points } = state.deps;
  const { code, signal, at } = await gateway.ended;
  leave(state);
  const note = gateway.note();
  if (note === null) {
    // On a busy machine an orderly stop may leave a slow step behind, and with it the failpoint.
    if (!isToStop || code !== 0)
      state.problems.push(`a gateway ended by itself: code ${code}, signal ${signal}`);
    recorder.ended({ at, how: 'kill', point: null, committed: [] });
  } else {
    points.hit(note.point);
    recorder.ended({ ...note, how: 'failpoint' });
  }
  count(state, kind);
  return true;
}

/** SIGSTOP now, SIGCONT later: by then another has the home, so it must be refused and end. */
async function stop(state: State, gateway: GatewayProcess): Promise<boolean> {
  const { recorder, dice } = state.deps;
  const at = gateway.signal('SIGSTOP');
  await settleSockets();
  leave(state);
  recorder.ended({ at, how: 'stop', point: null, committed: [] });
  const sleeper = wake(state, gateway, dice.between(shortestSleepMs, longestSleepMs)).finally(() =>
    state.sleepers.delete(sleeper),
  );
  state.sleepers.add(sleeper);
  return true;
}

async function wake(state: State, gateway: GatewayProcess, afterMs: number): Promise<void> {
  await Promise.race([sleep(afterMs), gateway.ended]);
  if (!gateway.hasEnded()) state.deps.recorder.add({ type: 'woken', at: Date.now() });
  gateway.signal('SIGCONT');
  const ended = await within(gateway);
  if (ended === null) {
    state.problems.push('a gateway that was taken over went on when it woke');
    gateway.signal('SIGKILL');
    await gateway.ended;
  } else if (ended.code !== fencedCode && ended.signal !== 'SIGKILL') {
    state.problems.push(
      `a gateway that was taken over ended with code ${ended.code}, signal ${ended.signal}`,
    );
  }
}

async function finish(state: State): Promise<void> {
  const { current, sleepers, problems } = state;
  await Promise.all(sleepers);
  if (current === null || current.hasEnded()) return;
  current.signal('SIGTERM');
  const ended = await within(current);
  if (ended === null || ended.code !== 0)
    problems.push(`the last gateway did not stop cleanly: ${ended?.code}`);
  if (ended === null) current.signal('SIGKILL');
  await current.ended;
}

async function within(gateway: GatewayProcess): Promise<Awaited<GatewayProcess['ended']> | null> {
  const late = new AbortController();
  const limit = sleep(endLimitMs, null, { signal: late.signal }).catch(() => null);
  const first = await Promise.race([gateway.ended, limit]);
  late.abort();
  return first;
}

function leave({ deps }: State): void {
  for (const channel of deps.channels) channel.follow(null);
}

function count({ kinds }: State, kind: KillKind): void {
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
}
