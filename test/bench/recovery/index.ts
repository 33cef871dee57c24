import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { type Bench, count, defineBench } from '../bench.ts';
import { startModel } from '../gateway/programs.ts';
import { toFindings } from './findings.ts';
import { makeHomes, telegramToken } from './homes.ts';
import { measureStarts } from './starts.ts';
import { measureWork } from './work.ts';

/**
 * How a gateway starts and begins with a long queue, beside one with nothing to do: time until it is ready, memory, and
 * how soon somebody new is answered while the queue is worked off. Both start by turns, each time from the same rows.
 */
export const recoveryBench: Bench = defineBench({
  name: 'recovery',
  summary: 'start and first minute with a long queue, beside the same with an empty one',
  options: z.object({
    events: count(100_000, 'messages that wait to be answered'),
    starts: count(5, 'starts of each, for the median'),
    outbox: count(0, 'deliveries that wait to be sent', 0),
    done: count(0, 'answered events of the past', 0),
    steps: count(10, 'steps of each of those', 0),
    people: count(500, 'people who wait, with two chats each'),
    seconds: count(60, 'how long the queue is worked off', 0),
  }),
  async run(options, say) {
    const place = { folder: mkdtempSync(join(tmpdir(), 'tiro-bench-')) };
    const clean = (): void => rmSync(place.folder, { recursive: true, force: true });
    process.once('exit', clean); // a bench that is interrupted leaves nothing behind either
    const telegram = await startFakeTelegram({ token: telegramToken });
    try {
      await using model = await startModel(place, { latencyMs: 200, keep: 1 });
      const homes = await makeHomes(place, { ...options, model: model.url, telegram: telegram.url }, say);
      const starts = await measureStarts(homes, options.starts, say);
      const work = options.seconds === 0 ? null : await measureWork(homes, options.seconds, say);
      return toFindings({ options, starts, work, homeMb: homes.mb });
    } finally {
      await telegram.close();
      process.off('exit', clean);
      clean();
    }
  },
});
