import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { FakePlatform } from '#test/fakes/platform.ts';
import { type PlatformChoice, platforms, variants } from '#test/fakes/platforms.ts';
import { type Bench, count, defineBench } from '../bench.ts';
import { type ArmName, toFindings } from './findings.ts';
import { type Started, startOnce } from './starts.ts';

/**
 * What channels cost: start and memory of the gateway with none, with each alone and with all of them, on fakes that run
 * in this process. The arms start by turns; each has compiled code of its own, which its first start makes.
 */
export const channelsBench: Bench = defineBench({
  name: 'channels',
  summary: 'start and memory with no channel, with each alone and with all of them',
  options: z.object({
    starts: count(7, 'warm starts of each, for the median'),
    idle: count(2, 'seconds that each stands idle before its memory is read', 0),
  }),
  async run({ starts: times, idle }, say) {
    const folder = mkdtempSync(join(tmpdir(), 'tiro-bench-'));
    const clean = (): void => rmSync(folder, { recursive: true, force: true });
    process.once('exit', clean); // a bench that is interrupted leaves nothing behind either
    const fakes: FakePlatform[] = [];
    try {
      for (const choice of platforms) fakes.push(await startForProduct(choice));
      const arms = armsOf(fakes).map((arm) => ({ ...arm, place: { folder: join(folder, arm.name) } }));
      const started = new Map<ArmName, Started[]>();
      for (let n = 0; n <= times; n += 1) {
        say(n === 0 ? 'cold starts' : `warm start ${n} of ${times}`);
        for (const { name, place, channels } of arms) {
          mkdirSync(place.folder, { recursive: true });
          const one = await startOnce(place, { channels, idleMs: idle * 1_000 });
          started.set(name, [...(started.get(name) ?? []), one]);
        }
      }
      return toFindings(arms, started);
    } finally {
      for (const fake of fakes) await fake.close();
      process.off('exit', clean);
      clean();
    }
  },
});

/** A fake that the product itself can be pointed at: of WhatsApp that is the Cloud API only. */
async function startForProduct({ start }: PlatformChoice): Promise<FakePlatform> {
  const fake = await start();
  if (fake.seam === undefined) return fake;
  await fake.close();
  const variant = variants.find(({ name }) => name.startsWith(fake.name));
  if (variant === undefined) throw new Error(`The product cannot be pointed at the fake of ${fake.name}.`);
  return variant.start();
}

function armsOf(
  fakes: readonly FakePlatform[],
): readonly { readonly name: ArmName; readonly channels: readonly FakePlatform[] }[] {
  return [
    { name: 'none', channels: [] },
    ...fakes.map((fake) => ({ name: fake.name, channels: [fake] })),
    { name: 'all', channels: fakes },
  ];
}
