import { treeRssMb } from '../gateway/memory.ts';
import type { HomeKind, Homes } from './homes.ts';

export interface Started {
  /** From the spawn to the line that says ready, and to the first 200 of /readyz. */
  readonly readyMs: number;
  readonly readyzMs: number;
  /** Of the whole process tree, at that moment. */
  readonly rssMb: number;
}

export type Starts = Readonly<Record<HomeKind, readonly Started[]>>;

const kinds = ['empty', 'queued', 'empty-killed', 'queued-killed'] as const;

/** Every kind by turns, so that what disturbs the machine disturbs all of them. */
export async function measureStarts(
  homes: Homes,
  times: number,
  say: (line: string) => void,
): Promise<Starts> {
  const starts: Record<HomeKind, Started[]> = {
    empty: [],
    queued: [],
    'empty-killed': [],
    'queued-killed': [],
  };
  for (let n = 1; n <= times; n += 1) {
    say(`start ${n} of ${times}`);
    for (const kind of kinds) starts[kind].push(await startOnce(homes, kind));
  }
  return starts;
}

async function startOnce(homes: Homes, kind: HomeKind): Promise<Started> {
  const { program, readyzMs } = await homes.start(kind);
  const started = { readyMs: program.readyMs, readyzMs, rssMb: treeRssMb(program.pid) };
  process.kill(program.pid, 'SIGKILL'); // its home is thrown away
  await program[Symbol.asyncDispose]();
  return started;
}
