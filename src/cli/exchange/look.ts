import { TiroError } from '#core/errors.ts';
import { type Gateway, type HttpDeps, NobodyThere } from '../gateway/http.ts';
import { messageState } from '../gateway/messages.ts';
import { type Awaited, finish, type Outcome } from './awaited.ts';

/** Between two looks at what became of a message. */
const lookMs = 2_000;
/** So many looks in vain, and the gateway counts as gone. */
const looksInVain = 30;

const endings: Readonly<Record<string, Outcome['status']>> = {
  withdrawn: 'cancelled',
  refused: 'failed',
  dead: 'dead',
};

/**
 * Looks now and then at what became of a message, until it has ended: one that is dropped, or a command that is
 * answered in silence, has no end in the feed.
 */
export async function lookAfter(deps: HttpDeps, gateway: Gateway, awaited: Awaited): Promise<void> {
  const { signal } = awaited.over;
  let inVain = 0;
  let wasOver = false;
  await deps.clock.sleep(lookMs, signal);
  while (!signal.aborted && awaited.event !== null) {
    try {
      const { status, reason } = await messageState(deps, gateway, awaited.event);
      inVain = 0;
      const ending = endings[status] ?? (status === 'done' && awaited.isCommand ? 'command' : null);
      if (ending !== null && wasOver) finish(awaited, ending, reason);
      wasOver = ending !== null; // the feed gets the time of one more look to tell it itself
    } catch (error) {
      inVain += 1;
      if (!isGone(error)) awaited.settle.reject(error);
      else if (inVain >= looksInVain) awaited.settle.reject(gone(error));
    }
    await deps.clock.sleep(lookMs, signal);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof NobodyThere || (error instanceof TiroError && error.code === 'unavailable');
}

function gone(cause: unknown): TiroError {
  return new TiroError('unavailable', 'The gateway is gone; what was handed in goes on when it is back.', {
    cause,
  });
}
