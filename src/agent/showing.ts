import type { ModelHooks } from '#core/ports/model.ts';
import type { TurnRun } from '#core/ports/turn-run.ts';
import type { AgentDeps } from './deps.ts';

export interface Showing {
  readonly hooks: ModelHooks;
  /** How many answers began to arrive and were broken off or are still incomplete: each may be billed. */
  begun(): number;
}

/** An outage that lasts this long is told to the chat: its answer waits. */
const tellOutageAfterMs = 10_000;

/** Shows an answer while it is written: deltas for pages, a preview for chats. */
export function createShowing(deps: AgentDeps, run: TurnRun): Showing {
  const { turn } = run;
  const startedAt = deps.clock.elapsed();
  const deltas = createDeltas(deps, run);
  let text = '';
  let begun = 0;
  return {
    begun: () => begun,
    hooks: {
      beforeCall: () => deps.assertEpoch(),
      onDelta(delta) {
        if (text === '') begun += 1;
        text += delta;
        deltas.add(delta);
        deps.preview.show(turn, text, run.seal);
      },
      onRestart() {
        text = '';
        deltas.restart();
        deps.live.publish({ type: 'restart', conversation: turn.conversation, turn: turn.id });
      },
      onWaiting(reason, nextAt) {
        deps.live.publish({ type: 'waiting', conversation: turn.conversation, turn: turn.id, reason });
        const waitMs = nextAt - deps.clock.now();
        if (deps.clock.elapsed() + waitMs - startedAt >= tellOutageAfterMs) deps.tellWaiting(turn, reason);
      },
    },
  };
}

interface Deltas {
  add(delta: string): void;
  restart(): void;
}

/**
 * Publishes deltas. Where messages may still join the turn and readers see deltas as its answer (the web page), the turn
 * is sealed by a commit before the first word can be seen.
 */
function createDeltas(deps: AgentDeps, run: TurnRun): Deltas {
  const { turn } = run;
  const abilities = deps.compose.abilitiesOf(turn.chat);
  const joins = abilities !== null && abilities.delivery === 'pull' && abilities.coalesce && !turn.sealed;
  let state: 'open' | 'sealing' | 'sealed' = joins ? 'open' : 'sealed';
  let held = '';
  return { add, restart };

  function add(delta: string): void {
    if (state === 'sealed') return publish(delta);
    held += delta;
    if (state === 'open') void seal();
  }

  function restart(): void {
    held = '';
  }

  function publish(text: string): void {
    deps.live.publish({ type: 'delta', conversation: turn.conversation, turn: turn.id, text });
  }

  async function seal(): Promise<void> {
    state = 'sealing';
    try {
      // False: messages joined, so this answer is made again and not shown.
      if (!(await run.seal())) return;
      state = 'sealed';
      if (held !== '') publish(held);
    } catch (error) {
      // Not shown then; the commit of the reply meets the same error and decides.
      deps.log.warn('turn.seal-failed', { turn: turn.id, error });
    }
  }
}
