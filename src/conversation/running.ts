import type { ConversationId } from '#core/ids.ts';
import type { Step } from '#core/step.ts';
import type { TurnsPort } from '#core/store/turns.ts';
import type { Turn } from '#core/turn.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { TurnRun } from '#core/ports/turn-run.ts';
import { createInOrder } from '#lib/in-order.ts';

/** How many messages and characters one turn may take in. */
export interface TurnCapacity {
  readonly maxEvents: number;
  readonly maxChars: number;
}

export interface RunningTurn {
  readonly turn: Turn;
  readonly handle: TurnRun;
  /**
   * Messages arrived: those within the window become steps of this turn and cancel its model call in flight. False when
   * none joined: the window is over, or something of the answer was shown.
   */
  join(): Promise<boolean>;
  /** The next attempt begins from the rows: what joined before is among them and is not handed over a second time. */
  again(): Promise<void>;
  stop(): void;
}

export interface RunningDeps {
  readonly turns: Pick<TurnsPort, 'join' | 'append'>;
  readonly clock: ClockPort;
  /** The queue mode of the conversation is `steer`. */
  readonly steers: (conversation: ConversationId) => Promise<boolean>;
}

interface Joining {
  readonly deps: RunningDeps;
  readonly turn: Turn;
  readonly options: TurnCapacity & { readonly joinUntil: number };
  controller: AbortController;
  /** Joined by a commit, not yet seen by the agent. */
  waiting: Step[];
  closed: boolean;
}

/**
 * One turn that runs here. Joining and closing are serialised: once the agent has closed the turn to commit its reply, no
 * message can slip in before that commit and be lost behind it.
 */
export function createRunningTurn(
  deps: RunningDeps,
  turn: Turn,
  options: TurnCapacity & { readonly joinUntil: number },
): RunningTurn {
  const stopper = new AbortController();
  const inOrder = createInOrder();
  // Beside the row's own window: a wall clock that goes back would open that one again.
  const windowEndsAt = deps.clock.elapsed() + options.joinUntil - turn.startedAt;
  const isOpen = (): boolean => !joining.closed && deps.clock.elapsed() <= windowEndsAt;
  const joining: Joining = {
    deps,
    turn,
    options,
    controller: new AbortController(),
    waiting: [],
    closed: turn.sealed,
  };
  const handle: TurnRun = {
    turn,
    signal: stopper.signal,
    joinSignal: () => freshSignal(joining),
    joined: async () => {
      if (await deps.steers(turn.conversation)) await inOrder(() => takeWaiting(joining, null));
      return joining.waiting.splice(0);
    },
    close: () => inOrder(() => close(joining)),
    seal: () => inOrder(() => seal(joining)),
  };
  return {
    turn,
    handle,
    join: () => inOrder(async () => isOpen() && takeWaiting(joining, options.joinUntil)),
    again: () =>
      inOrder(async () => {
        joining.waiting = [];
      }),
    stop: () => stopper.abort(),
  };
}

function freshSignal(joining: Joining): AbortSignal {
  joining.controller = new AbortController();
  if (joining.waiting.length > 0) joining.controller.abort();
  return joining.controller.signal;
}

/** `arrivedBefore` null: steering, whatever waits joins even a sealed turn. */
async function takeWaiting(joining: Joining, arrivedBefore: number | null): Promise<boolean> {
  const { deps, turn, options } = joining;
  const { maxEvents, maxChars } = options;
  const steer = arrivedBefore === null;
  const at = deps.clock.now();
  const steps = await deps.turns.join({ turn: turn.id, arrivedBefore, steer, maxEvents, maxChars, at });
  if (steps.length === 0) return false;
  joining.waiting.push(...steps);
  joining.controller.abort();
  return true;
}

async function close(joining: Joining): Promise<boolean> {
  joining.closed = joining.waiting.length === 0;
  return joining.closed;
}

async function seal(joining: Joining): Promise<boolean> {
  if (!(await close(joining))) return false;
  const { deps, turn } = joining;
  const nothing = { steps: [], deliveries: [], settle: null, approvals: [], end: null };
  await deps.turns.append({ turn: turn.id, at: deps.clock.now(), ...nothing, seal: true });
  return true;
}
