import { Agent } from 'node:http';
import { reportSchema } from '#test/fakes/model/protocol.ts';
import { post, runLoad } from './load.ts';
import { type Place, configFor, startModel, startProduct } from './programs.ts';

export interface Limit {
  /** Share of the calls that the model's slots allow. */
  readonly productShare: number;
  /** The same for eight plain clients that ask the model server themselves: what this machine allows. */
  readonly directShare: number;
  /** Calls that the product made beyond the slots, and was refused with 429. */
  readonly refused: number;
}

const slots = 8;
const latencyMs = 200;
const fewestUsers = 32;

/** A model that takes eight calls at a time, and a product that is told so and has far more to ask. */
export async function measureLimit(
  place: Place,
  options: { readonly users: number; readonly requests: number },
): Promise<Limit> {
  await using model = await startModel(place, { latencyMs, slots, keep: 10 });
  const requests = Math.max(3, Math.ceil(options.requests / 2));
  const directShare = await askDirectly(model.url, requests);
  const config = configFor(model.url, slots);
  await using product = await startProduct(place, { home: 'limit-home', config });
  const users = Math.max(fewestUsers, options.users);
  await runLoad(product.url, { users, requests: 2, label: 'warm' }); // not counted: see rounds.ts
  const load = await runLoad(product.url, { users, requests, label: 'limit' });
  const report = reportSchema.parse(await (await fetch(new URL('/fake/report', model.url))).json());
  return {
    productShare: shareOf(load.timed.length, load.elapsedMs),
    directShare,
    refused: report.overflows,
  };
}

async function askDirectly(url: string, requests: number): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const body = JSON.stringify({
    model: 'fake-model',
    stream: true,
    messages: [{ role: 'user', content: 'Good morning.' }],
  });
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: slots }, async () => {
      for (let n = 0; n < requests; n += 1) await post(`${url}/chat/completions`, agent, body);
    }),
  );
  const share = shareOf(slots * requests, performance.now() - startedAt);
  agent.destroy();
  return share;
}

/** From the first request to the last answer: the start and the end, where slots stay free, count too. */
function shareOf(calls: number, elapsedMs: number): number {
  return calls / (elapsedMs / latencyMs) / slots;
}
