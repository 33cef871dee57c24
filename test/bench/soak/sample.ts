import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { z } from 'zod';

/** The gateway at one moment. Megabytes are 1024² bytes. */
export interface Sample {
  /** Seconds since the traffic began. */
  readonly at: number;
  readonly rssMb: number;
  /** Of it what belongs to no file: heaps, stacks, caches. */
  readonly anonymousMb: number;
  readonly heapUsedMb: number;
  readonly heapTotalMb: number;
  readonly externalMb: number;
  /** The heap of the main thread right behind a full collection, the least since the last sample; null: there was none. */
  readonly heapFloorMb: number | null;
  readonly storeHeapMb: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  readonly dbMb: number;
  readonly walMb: number;
  /** Events, turns and deliveries together. */
  readonly rows: number;
  readonly messages: number;
  readonly answered: number;
}

/** What a thread of the gateway wrote about itself (see inside.ts). Bytes. */
const noteSchema = z.object({
  thread: z.enum(['main', 'store']),
  at: z.number(),
  heapUsed: z.number(),
  heapTotal: z.number(),
  external: z.number(),
  heapFloor: z.number().nullable(),
  delayP99Ms: z.number(),
  delayMaxMs: z.number(),
});
type Note = z.infer<typeof noteSchema>;

export interface Subject {
  readonly url: string;
  readonly pid: number;
  readonly token: string;
  /** The file that inside.ts writes. */
  readonly notes: string;
  readonly database: string;
}

export type Measured = Omit<Sample, 'at' | 'messages' | 'answered'>;

const bytesPerMb = 1024 * 1024;

/** A sampler remembers how far it has read. A sample throws when the process is gone. */
export function createSampler(subject: Subject): () => Promise<Measured> {
  let read = 0;
  return async () => {
    const notes = notesIn(subject.notes);
    const fresh = notes.slice(read).filter(({ thread }) => thread === 'main');
    read = notes.length;
    const main = notes.findLast(({ thread }) => thread === 'main');
    const store = notes.findLast(({ thread }) => thread === 'store');
    const floors = fresh.flatMap(({ heapFloor }) => (heapFloor === null ? [] : [heapFloor]));
    return {
      ...ofProcess(subject.pid),
      heapUsedMb: mb(main?.heapUsed),
      heapTotalMb: mb(main?.heapTotal),
      externalMb: mb(main?.external),
      heapFloorMb: floors.length === 0 ? null : mb(Math.min(...floors)),
      storeHeapMb: mb(store?.heapUsed),
      loopDelayP99Ms: Math.max(0, ...fresh.map(({ delayP99Ms }) => delayP99Ms)),
      loopDelayMaxMs: Math.max(0, ...fresh.map(({ delayMaxMs }) => delayMaxMs)),
      dbMb: sizeMb(subject.database),
      walMb: sizeMb(`${subject.database}-wal`),
      rows: await rowsOf(subject),
    };
  };
}

function ofProcess(pid: number): Pick<Sample, 'rssMb' | 'anonymousMb' | 'descriptors' | 'threads'> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return {
    rssMb: field('VmRSS') / 1024,
    anonymousMb: field('RssAnon') / 1024,
    threads: field('Threads'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

function notesIn(file: string): readonly Note[] {
  if (!existsSync(file)) return [];
  // The last line may be half written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => noteSchema.parse(JSON.parse(line)));
}

/** Read where operators read it: a scrape is a part of the traffic. */
async function rowsOf({ url, token }: Subject): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`/metrics answered ${response.status}: ${text}`);
  const counts = [...text.matchAll(/^tiro_(?:events|turns|outbox)\{[^}]*\} (\d+)/gm)];
  return counts.reduce((total, [, count]) => total + Number(count), 0);
}

function sizeMb(file: string): number {
  return mb(statSync(file, { throwIfNoEntry: false })?.size);
}

function mb(bytes = 0): number {
  return bytes / bytesPerMb;
}
