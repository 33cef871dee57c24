import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Bench, count, defineBench } from '../bench.ts';
import { toFindings } from './findings.ts';
import { runBurst } from './run.ts';

/**
 * One chat throws everything at once while others talk: memory, the others' answers beside their answers alone, the
 * event loop from inside, and whether all that was acknowledged is stored.
 */
export const burstBench: Bench = defineBench({
  name: 'burst',
  summary: 'a burst from one chat beside chats that talk: memory, fairness, event loop, nothing unstored',
  options: z.object({
    events: count(50_000, 'messages in the burst'),
    posts: count(50_000, 'messages posted over HTTP, on 40 connections'),
    chats: count(100, 'people who talk beside it, each in a chat of their own'),
    think: count(1_000, 'ms between an answer and what its person says next', 0),
    seconds: count(30, 'how long they talk alone, and how long once the burst is stored'),
    seed: count(1, 'where in the second burst the gateway is killed'),
  }),
  async run({ think, ...options }, say) {
    const place = { folder: mkdtempSync(join(tmpdir(), 'tiro-burst-')) };
    const clean = (): void => rmSync(place.folder, { recursive: true, force: true });
    process.once('exit', clean); // a bench that is interrupted leaves nothing behind either
    try {
      return toFindings(await runBurst(place, { ...options, thinkMs: think }, say));
    } finally {
      process.off('exit', clean);
      clean();
    }
  },
});
