import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { quietLibrary } from './quiet.ts';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../../../test/fakes/whatsapp/main.ts');
const keys = /privKey|rootKey|ephemeralKeyPair|chainKey|Closing session|Session error/;

async function printed(...flags: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [script, ...flags], { timeout: 60_000 });
  return stdout + stderr;
}

test('sessions that break are printed by the library, and by us never', { timeout: 90_000 }, async () => {
  const [loud, quiet] = [await printed('--loud'), await printed()];
  expect(loud).toMatch(keys);
  expect(quiet).not.toMatch(keys);
  expect(quiet).toMatch(/done, [1-9]\d* messages came anew/);
});

test('everybody else’s words pass, and it may be asked for twice', () => {
  const words: string[] = [];
  const print = (text: string): void => void words.push(text);
  const target = { log: print, info: print, warn: print, error: print, debug: print, trace: print };
  quietLibrary(target);
  const { log } = target;
  quietLibrary(target);
  expect(target.log).toBe(log);
  target.log('ours');
  target.error('ours too');
  expect(words).toEqual(['ours', 'ours too']);
});
