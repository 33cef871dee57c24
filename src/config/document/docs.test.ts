import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { presets } from '#model/catalogue/presets.ts';
import { parseConfig } from '../load.ts';
import { configSchema, presetNames } from '../schema.ts';

const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');

/** The last part of every key that the schema knows. */
function keysOf(schema: unknown): string[] {
  if (schema === null || typeof schema !== 'object') return [];
  const own = 'properties' in schema ? Object.keys(schema.properties ?? {}) : [];
  return [...own, ...Object.values(schema).flatMap(keysOf)];
}

test('docs/configuration.md names every key and every preset', () => {
  const keys = keysOf(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }));
  expect(keys.length).toBeGreaterThan(30);
  const missing = [...new Set([...keys, ...presetNames])].filter(
    (key) => !new RegExp(`\\b${key}\\b`).test(page),
  );
  expect(missing).toEqual([]);
});

test('its example is good as it stands', async () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const names = [...example.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const env = Object.fromEntries(names.map((name) => [name, 'x'.repeat(32)]));
  const text = example.replace('{ file: secrets/telegram-token }', '"7:x"');
  const result = await parseConfig(text, { env, home: '/nowhere', presets });
  expect(result).toMatchObject({ ok: true, warnings: [] });
});
