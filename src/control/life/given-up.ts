import type { Delivery } from '#core/delivery.ts';
import type { Turn } from '#core/turn.ts';
import type { ControlDeps } from '../deps.ts';
import { type OwnerWordsDeps, ownerChats, tellOwner } from './owner-words.ts';

type GivenUpDeps = OwnerWordsDeps & Pick<ControlDeps, 'log'>;

/** However much is given up, the owner hears of it no more often than this. */
const everyMs = 10 * 60_000;
/** So many of a kind are named; the count says how many there are. */
const mostNamed = 5;
const scope = 'given-up';

/**
 * dead turns and deliveries → the counts that were told of → one message to the owner → the new counts
 *
 * Nothing is given up in silence: whoever owns the gateway hears of it once, wherever they were seen last, and how to send
 * it through again. Called now and then; costs two small reads while there is nothing new.
 */
export function createGivenUp(deps: GivenUpDeps): () => Promise<void> {
  let toldAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (deps.clock.elapsed() - toldAt < everyMs) return;
    const fresh = await freshlyDead(deps);
    if (fresh === null) return;
    const text = describe(deps, fresh);
    if (text !== null && (await tell(deps, fresh, text))) toldAt = deps.clock.elapsed();
    await remember(deps, fresh);
  };
}

interface Fresh {
  readonly counts: Counts;
  /** The newest of those nobody was told of; `more` are not among them. */
  readonly turns: readonly Turn[];
  readonly deliveries: readonly Delivery[];
  readonly news: Counts;
}

interface Counts {
  readonly turns: number;
  readonly outbox: number;
}

/** Null: no more than was told of before. What was redriven since makes the counts smaller. */
async function freshlyDead({ store }: GivenUpDeps): Promise<Fresh | null> {
  const [turns, outbox, told] = await Promise.all([
    store.turns.countByStatus(),
    store.outbox.countByStatus(),
    store.state.get({ scope, key: 'told' }),
  ]);
  const counts = { turns: turns.dead, outbox: outbox.dead };
  const before = parseCounts(told);
  if (counts.turns === before.turns && counts.outbox === before.outbox) return null;
  const news = {
    turns: Math.max(0, counts.turns - before.turns),
    outbox: Math.max(0, counts.outbox - before.outbox),
  };
  const limits = { turns: Math.min(news.turns, mostNamed), outbox: Math.min(news.outbox, mostNamed) };
  return {
    counts,
    news,
    turns: await store.turns.list({ status: 'dead', conversation: null, limit: limits.turns }),
    deliveries: await store.outbox.list({ status: 'dead', limit: limits.outbox }),
  };
}

function parseCounts(told: string | null): Counts {
  const [turns = 0, outbox = 0] = (told ?? '').split(' ').map(Number);
  return { turns, outbox };
}

/** Null: nothing that the owner has not seen in the chat where it happened. */
function describe({ directory }: GivenUpDeps, { news, turns, deliveries }: Fresh): string | null {
  const owner = directory.owner().handle;
  const others = turns.filter(({ person }) => person !== owner);
  const lines = [
    ...others.map(
      ({ id, person, chat, reason }) =>
        `I could not get through a message of ${person} in ${chat}: ${reason ?? 'no reason given'}. \`tiro turns why ${id}\` tells more, \`tiro turns redrive ${id}\` tries it again.`,
    ),
    ...(news.turns > turns.length
      ? [`${news.turns - turns.length} more were given up: \`tiro turns list\`.`]
      : []),
    ...(deliveries.length > 0 ? [describeDeliveries(news.outbox, deliveries)] : []),
  ];
  return lines.length === 0 ? null : lines.join('\n\n');
}

function describeDeliveries(count: number, deliveries: readonly Delivery[]): string {
  const what = count === 1 ? 'One delivery was' : `${count} deliveries were`;
  const named = deliveries.map(({ chat, reason }) => `- ${chat}: ${reason ?? 'no reason given'}`);
  return `${what} given up:\n\n${named.join('\n')}\n\n\`tiro outbox list\` shows them, \`tiro outbox redrive ID\` sends one after all.`;
}

/** False: there is no chat to tell it in. */
async function tell(deps: GivenUpDeps, fresh: Fresh, text: string): Promise<boolean> {
  const unreachable = new Set(fresh.deliveries.map((row) => row.chat));
  const chat = (await ownerChats(deps)).find((one) => !unreachable.has(one));
  if (chat === undefined) {
    deps.log.warn('owner.not-told', { ...fresh.news });
    return false;
  }
  const { turns, outbox } = fresh.counts;
  const key = `given-up:${turns}:${outbox}:${new Date(deps.clock.now()).toISOString().slice(0, 13)}`;
  await tellOwner(deps, { key, chat, text });
  return true;
}

async function remember({ store }: GivenUpDeps, { counts }: Fresh): Promise<void> {
  await store.state.set({ scope, key: 'told', value: `${counts.turns} ${counts.outbox}` });
}
