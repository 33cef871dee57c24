import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Bench, count, defineBench } from '../bench.ts';
import { toFindings } from './findings.ts';
import { soak } from './run.ts';

/** Mixed traffic for a long time, and whether memory, descriptors and the event loop stay as they were. */
export const soakBench: Bench = defineBench({
  name: 'soak',
  summary: 'memory, descriptors, event loop and database of the gateway while mixed traffic flows',
  options: z.object({
    minutes: count(30, 'how long people write'),
    rate: count(5, 'messages a second'),
    chats: count(60, 'people on the platform'),
    seed: count(1, 'for who writes what when, and which faults come'),
    sample: count(10, 'seconds between samples'),
    fault: count(10, 'seconds between faults, on average'),
    out: z
      .string()
      .default(join(tmpdir(), 'tiro-soak-samples.jsonl'))
      .describe('the file of the samples, a line of JSON each'),
  }),
  endsEarly: true,
  async run({ minutes, rate, chats, seed, sample, fault, out }, say, interrupted) {
    say(`${minutes} minutes, ${rate} messages a second, ${chats} chats; samples go to ${out}`);
    const soaked = await soak(
      {
        durationMs: minutes * 60_000,
        perSecond: rate,
        chats,
        seed,
        sampleEveryMs: sample * 1000,
        faultEveryMs: fault * 1000,
        stayMs: 10_000,
        compileFirst: true,
        samplesFile: out,
      },
      say,
      interrupted,
    );
    if (soaked.open.length > 0) say(`not answered: ${soaked.open.slice(0, 20).join(' ')}`);
    return toFindings(soaked, out);
  },
});
