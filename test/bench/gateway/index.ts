import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Bench, count, defineBench } from '../bench.ts';
import { toFindings } from './findings.ts';
import { measureInstall } from './install.ts';
import { measureLimit } from './limit.ts';
import { startModel } from './programs.ts';
import { measurePrompt } from './prompt.ts';
import { type Round, measureRound } from './rounds.ts';
import { measureStarts } from './starts.ts';

/**
 * The gateway beside its floor: start, memory, added time, turns per second, share of the model's limit, prompt, install.
 * Both run in the same minutes on the same machine against the same model server, by turns.
 */
export const gatewayBench: Bench = defineBench({
  name: 'gateway',
  summary:
    'start, memory, latency, throughput, model limit and prompt of the gateway, beside a minimal program',
  options: z.object({
    users: count(32, 'people who ask at the same time'),
    requests: count(20, 'each one’s questions in a round'),
    rounds: count(3, 'rounds of memory and load, for the median'),
    starts: count(7, 'warm starts of each, for the median'),
  }),
  async run({ users, requests, rounds: roundCount, starts: startCount }, say) {
    const place = { folder: mkdtempSync(join(tmpdir(), 'tiro-bench-')) };
    const clean = (): void => rmSync(place.folder, { recursive: true, force: true });
    process.once('exit', clean); // a bench that is interrupted leaves nothing behind either
    try {
      const keep = users * requests + 100;
      await using model = await startModel(place, { latencyMs: 20, keep });
      say(`starts: ${startCount} of each`);
      const starts = await measureStarts(place, { starts: startCount, modelUrl: model.url });
      const rounds: Round[] = [];
      for (let number = 1; number <= roundCount; number += 1) {
        say(`round ${number} of ${roundCount}: memory, then ${users} users × ${requests} requests for each`);
        rounds.push(await measureRound(place, number, { users, requests, model }));
      }
      say('the model’s limit: 8 slots of 200 ms');
      const limit = await measureLimit(place, { users, requests });
      say('prompt: a conversation of 20 turns');
      const prompt = await measurePrompt(place);
      return toFindings({ starts, rounds, limit, prompt, install: measureInstall() });
    } finally {
      process.off('exit', clean);
      clean();
    }
  },
});
