import type { Call } from '#test/fakes/telegram/index.ts';
import type { Exchange } from './talk.ts';

/**
 * From the moment at which the platform handed a message over until its answer, in ms; null where there is none. The
 * platform keeps one line for everybody: what is said behind a burst comes behind it, however fair the gateway is.
 */
export function createHandedMs(calls: readonly Call[]): (exchange: Exchange) => number | null {
  const polls = calls.flatMap(({ method, params, answeredAt }) =>
    method === 'getUpdates' && answeredAt !== null
      ? [{ offset: Number(params['offset'] ?? 0), answeredAt }]
      : [],
  );
  return ({ updateId, saidAt, answeredAt }) => {
    // The poll behind it confirmed it, so its offset is higher.
    const poll = polls.findLast(({ offset }) => offset <= updateId);
    return answeredAt === null ? null : answeredAt - Math.max(saidAt, poll?.answeredAt ?? saidAt);
  };
}
