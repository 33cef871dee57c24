import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { percentile } from '../statistics.ts';

/** What `inside.ts` noted in the gateway: how late its timer fired, in ms, and memory in bytes. */
const noteSchema = z.object({
  at: z.number(),
  lateMs: z.array(z.number()),
  rss: z.number(),
  heapUsed: z.number(),
  heapTotal: z.number(),
  external: z.number(),
  cpuMs: z.number(),
});

export interface Delay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** From one moment to another, in epoch ms. */
export interface Span {
  readonly fromAt: number;
  readonly toAt: number;
}

export interface Gauges {
  /** The delay of the gateway's event loop in a span, in ms. Waits until the last of it is noted. */
  delay(span: Span): Promise<Delay>;
  /** The most memory the gateway has had resident since its start, in MB; while it lives. */
  rssMaxMb(): number;
}

const notedEveryMs = 500;
const noteLimitMs = 5_000;

/** `file` is the one that the gateway was told to write to. */
export function createGauges(file: string, pid: number): Gauges {
  return { delay, rssMaxMb };

  async function delay({ fromAt, toAt }: Span): Promise<Delay> {
    const end = Date.now() + noteLimitMs;
    while ((readNotes(file).at(-1)?.at ?? 0) < toAt && Date.now() < end) await sleep(notedEveryMs / 2);
    // Each note speaks of the half second before it.
    const notes = readNotes(file).filter(({ at }) => at >= fromAt && at <= toAt + notedEveryMs);
    const late = notes.flatMap(({ lateMs }) => lateMs);
    return { p50: percentile(late, 0.5), p99: percentile(late, 0.99), max: percentile(late, 1) };
  }

  function rssMaxMb(): number {
    const noted = Math.max(0, ...readNotes(file).map(({ rss }) => rss)) / 1024 / 1024;
    return Math.max(noted, highWaterMb(pid));
  }
}

function readNotes(file: string): readonly z.infer<typeof noteSchema>[] {
  if (!existsSync(file)) return [];
  // The last line may be half written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => noteSchema.parse(JSON.parse(line)));
}

/** What the kernel has seen; 0 where it does not say. */
function highWaterMb(pid: number): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  const kb = /^VmHWM:\s+(\d+)/m.exec(readFileSync(path, 'utf8'))?.[1];
  return Number(kb ?? 0) / 1024;
}
