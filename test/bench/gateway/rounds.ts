import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { reportSchema } from '#test/fakes/model/protocol.ts';
import { percentile } from '../statistics.ts';
import { type Timed, ask, runLoad } from './load.ts';
import { treeRssMb } from './memory.ts';
import type { Program } from './program.ts';
import { type Place, configFor, startFloor, startProduct, token } from './programs.ts';

/** What one program did in one round. Added time is a request's time without the model server's own for it. */
export interface Side {
  readonly idleMb: number;
  readonly loadedMb: number;
  readonly firstTurnMs: number;
  readonly addedP50Ms: number;
  readonly addedP99Ms: number;
  readonly turnsPerSecond: number;
}

export interface Round {
  readonly floor: Side;
  readonly product: Side;
  readonly eventLoopP99Ms: number;
}

export interface RoundOptions {
  readonly users: number;
  readonly requests: number;
  readonly model: Program;
}

const idleMs = 2_000;
const statusSchema = z.object({ eventLoopP99Ms: z.number() });

/**
 * Both idle side by side, then one load each, the first one by turns: A B, B A, … The product may call the model as
 * often at a time as there are users: the floor has no limit, and what a limit costs is measured by itself (limit.ts).
 */
export async function measureRound(place: Place, number: number, options: RoundOptions): Promise<Round> {
  await using floor = await startFloor(place, options.model.url);
  const config = configFor(options.model.url, options.users);
  await using product = await startProduct(place, { home: 'load-home', config });
  await sleep(idleMs);
  const idle = { floor: treeRssMb(floor.pid), product: treeRssMb(product.pid) };
  const sides = { floor, product };
  const names = number % 2 === 1 ? (['floor', 'product'] as const) : (['product', 'floor'] as const);
  const [a, b] = names;
  const loads = {
    [a]: await measureLoad(sides[a], `r${number}-${a}`, options),
    [b]: await measureLoad(sides[b], `r${number}-${b}`, options),
  };
  const status = await fetch(`${product.url}/api/status`, { headers: { authorization: `Bearer ${token}` } });
  const { eventLoopP99Ms } = statusSchema.parse(await status.json());
  const side = (name: 'floor' | 'product'): Side => {
    const load = loads[name];
    if (load === undefined) throw new Error(`${name} was not measured.`);
    return { ...load, idleMb: idle[name] };
  };
  return { floor: side('floor'), product: side('product'), eventLoopP99Ms };
}

async function measureLoad(
  program: Program,
  label: string,
  { users, requests, model }: RoundOptions,
): Promise<Omit<Side, 'idleMb'>> {
  const firstAt = performance.now();
  await ask(program.url, undefined, { user: `${label}-first`, text: 'Good morning.' });
  const firstTurnMs = performance.now() - firstAt;
  await runLoad(program.url, { users, requests, label: `${label}-warm` }); // both run for months: not counted
  const load = await runLoad(program.url, { users, requests, label });
  const added = await addedMs(load.timed, model);
  return {
    firstTurnMs,
    loadedMb: treeRssMb(program.pid),
    addedP50Ms: percentile(added, 0.5),
    addedP99Ms: percentile(added, 0.99),
    turnsPerSecond: load.timed.length / (load.elapsedMs / 1000),
  };
}

/** Each request's time without what the model server says it took for it. Throws unless it was asked exactly once. */
async function addedMs(timed: readonly Timed[], model: Program): Promise<readonly number[]> {
  const answer = await fetch(new URL('/fake/report', model.url));
  const { requests } = reportSchema.parse(await answer.json());
  const serviceMs = new Map<string, number[]>();
  for (const { text, tookMs } of requests) {
    const mark = /\[(\S+)\]/.exec(text)?.[1] ?? '';
    serviceMs.set(mark, [...(serviceMs.get(mark) ?? []), tookMs ?? Number.NaN]);
  }
  return timed.map(({ mark, tookMs }) => {
    const [own, ...more] = serviceMs.get(mark) ?? [];
    if (own === undefined || more.length > 0) throw new Error(`The model was not asked once for ${mark}.`);
    return tookMs - own;
  });
}
