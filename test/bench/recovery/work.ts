import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { treeRssMb } from '../gateway/memory.ts';
import { token } from '../gateway/programs.ts';
import type { Homes } from './homes.ts';

export interface Work {
  /** How long each newcomer waited for an answer, while the queue was worked off and with nothing else to do. */
  readonly newcomerMs: readonly number[];
  readonly aloneMs: readonly number[];
  readonly rssMb: number;
  readonly answeredPerSecond: number;
}

const statusSchema = z.object({ events: z.object({ queued: z.number() }).loose() }).loose();
const betweenMs = 1_000;
const answerLimitMs = 60_000;

/** Somebody new writes every second, in a home that works its queue off and then in one that has nothing to do. */
export async function measureWork(homes: Homes, seconds: number, say: (line: string) => void): Promise<Work> {
  say(`working off for ${seconds} s, with a newcomer every second`);
  const busy = await homes.start('queued');
  const before = await queued(busy.program.url);
  const startedAt = performance.now();
  const newcomerMs = await newcomers(busy.program.url, seconds);
  const elapsed = (performance.now() - startedAt) / 1_000;
  const answeredPerSecond = (before - (await queued(busy.program.url))) / elapsed;
  const rssMb = treeRssMb(busy.program.pid);
  await busy.program[Symbol.asyncDispose]();
  say('the same with nothing else to do');
  const idle = await homes.start('empty');
  const aloneMs = await newcomers(idle.program.url, Math.min(seconds, 15));
  await idle.program[Symbol.asyncDispose]();
  return { newcomerMs, aloneMs, rssMb, answeredPerSecond };
}

async function newcomers(url: string, seconds: number): Promise<readonly number[]> {
  const waits: Promise<number>[] = [];
  for (let n = 0; n < seconds; n += 1) {
    waits.push(askAsNewcomer(url, n));
    await sleep(betweenMs);
  }
  return Promise.all(waits);
}

/** One who is not answered within the limit counts as having waited that long. */
async function askAsNewcomer(url: string, n: number): Promise<number> {
  const startedAt = performance.now();
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'any',
        user: `newcomer-${n}`,
        messages: [{ role: 'user', content: 'Am I heard?' }],
      }),
      signal: AbortSignal.timeout(answerLimitMs),
    });
    if (!response.ok) throw new Error(`A newcomer was answered ${response.status}.`);
    await response.text();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'TimeoutError')) throw error;
  }
  return performance.now() - startedAt;
}

async function queued(url: string): Promise<number> {
  const response = await fetch(`${url}/api/status`, { headers: { authorization: `Bearer ${token}` } });
  return statusSchema.parse(await response.json()).events.queued;
}
