import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { platforms } from '#test/fakes/platforms.ts';

const run = promisify(execFile);

/** What only one channel needs. */
const librariesOf: Readonly<Record<string, RegExp>> = {
  telegram: /^grammy$/,
  discord: /^(discord\.js|discord-api-types|@discordjs\/.*)$/,
  slack: /^@slack\/.*$/,
  whatsapp: /^(baileys|libsignal|protobufjs|whatsapp-rust-bridge)$/,
  email: /^(imapflow|nodemailer|mailparser|mailauth)$/,
};

/** The packages that a gateway with these channels has loaded once it has started. */
async function loadedWith(names: readonly string[]): Promise<readonly string[]> {
  const home = mkdtempSync(join(tmpdir(), 'tiro-loading-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const lines: string[] = [];
  for (const { name, start } of platforms.filter((one) => names.includes(one.name))) {
    const fake = await start();
    onTestFinished(() => fake.close());
    lines.push(`  ${name}: ${fake.config(fake.url, fake.further)}\n`);
  }
  writeFileSync(join(home, 'config.yaml'), lines.length === 0 ? '' : `channels:\n${lines.join('')}`);
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'loading.ts'), home]);
  return z.array(z.string()).parse(JSON.parse(stdout));
}

test('without channels no library of any is loaded', async () => {
  const loaded = await loadedWith([]);
  expect(loaded).toContain('zod');
  for (const library of Object.values(librariesOf)) {
    expect(loaded.filter((name) => library.test(name))).toEqual([]);
  }
});

for (const { name } of platforms) {
  test(`with ${name} alone only its own library is`, async () => {
    const loaded = await loadedWith([name]);
    for (const [channel, library] of Object.entries(librariesOf)) {
      const found = loaded.filter((one) => library.test(one));
      if (channel === name) expect(found, channel).not.toEqual([]);
      else expect(found, channel).toEqual([]);
    }
  });
}
