import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { platforms } from '#test/fakes/platforms.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const armSchema = z.object({
  name: z.string(),
  channels: z.number(),
  coldMs: z.number().positive(),
  readyMs: z.number().positive(),
  connectedMs: z.number().positive(),
  rssMb: z.number().positive(),
});

test('a small run measures none, each and all', { timeout: 240_000 }, async () => {
  const args = [main, 'channels', '--starts', '1', '--idle', '0', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { arms } = z
    .object({ bench: z.literal('channels'), arms: z.array(armSchema) })
    .parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  const names = platforms.map(({ name }) => name);
  expect(arms.map(({ name }) => name)).toEqual(['none', ...names, 'all']);
  expect(arms.map(({ channels }) => channels)).toEqual([0, ...names.map(() => 1), names.length]);
});
