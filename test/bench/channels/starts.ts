import { setTimeout as sleep } from 'node:timers/promises';
import type { FakePlatform } from '#test/fakes/platform.ts';
import { treeRssMb } from '../gateway/memory.ts';
import { type Place, startProduct } from '../gateway/programs.ts';

export interface Started {
  /** From the spawn to the line that says ready, and until /readyz says that every channel is connected. */
  readonly readyMs: number;
  readonly connectedMs: number;
  /** Of the whole process tree, after it stood idle. */
  readonly rssMb: number;
}

/** The product as its users start it, with these channels; it ends in order, which keeps its compiled code. */
export async function startOnce(
  place: Place,
  options: { readonly channels: readonly FakePlatform[]; readonly idleMs: number },
): Promise<Started> {
  const lines = options.channels.map((fake) => `  ${fake.name}: ${fake.config(fake.url, fake.further)}\n`);
  const config = lines.length === 0 ? '' : `channels:\n${lines.join('')}`;
  const begun = performance.now();
  await using program = await startProduct(place, { home: 'home', config });
  const connectedMs = performance.now() - begun;
  await sleep(options.idleMs);
  return { readyMs: program.readyMs, connectedMs, rssMb: treeRssMb(program.pid) };
}
