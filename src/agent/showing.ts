import type { ModelHooks } from '#core/ports/model.ts';
import type { AgentDeps, TurnRun } from './deps.ts';

export interface Showing {
  readonly hooks: ModelHooks;
  /** Something of an answer has arrived since the last restart. */
  began(): boolean;
}

/** How long an outage lasts before the chat is told that the answer waits. */
const tellOutageAfterMs = 10_000;

/** Shows an answer while it is written: deltas for pages, a preview for chats. */
export function createShowing(deps: AgentDeps, run: TurnRun): Showing {
  const { turn } = run;
  const startedAt = deps.clock.now();
  const publish = createDeltas(deps, run);
  let text = '';
  return {
    began: () => text !== '',
    hooks: {
      beforeCall: () => deps.assertEpoch(),
      onDelta(delta) {
        text += delta;
        publish(delta);
        deps.preview.show(turn, text);
      },
      onRestart() {
        text = '';
        deps.live.publish({ type: 'restart', conversation: turn.conversation, turn: turn.id });
      },
      onWaiting(reason) {
        deps.live.publish({ type: 'waiting', conversation: turn.conversation, turn: turn.id, reason });
        if (deps.clock.now() - startedAt >= tellOutageAfterMs) deps.tellWaiting(turn, reason);
      },
    },
  };
}

/**
 * Publishes deltas. Where messages may still join the turn and readers see deltas as its answer (the web page), the turn
 * is sealed by a commit before the first word can be seen.
 */
function createDeltas(deps: AgentDeps, run: TurnRun): (delta: string) => void {
  const { turn } = run;
  const abilities = deps.compose.abilitiesOf(turn.chat);
  const joins = abilities !== null && abilities.delivery === 'pull' && abilities.coalesce && !turn.sealed;
  let state: 'open' | 'sealing' | 'sealed' = joins ? 'open' : 'sealed';
  let held = '';
  return (delta) => {
    if (state === 'sealed') return publish(delta);
    held += delta;
    if (state === 'open') void seal();
  };

  function publish(text: string): void {
    deps.live.publish({ type: 'delta', conversation: turn.conversation, turn: turn.id, text });
  }

  async function seal(): Promise<void> {
    state = 'sealing';
    try {
      // False: messages joined, so this answer is made again and not shown.
      if (!(await run.seal())) return;
      state = 'sealed';
      publish(held);
    } catch (error) {
      // Not shown then; the commit of the reply meets the same error and decides.
      deps.log.warn('turn.seal-failed', { turn: turn.id, error });
    }
  }
}
