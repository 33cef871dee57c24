import { link, readFile, rm } from 'node:fs/promises';
import { randomToken } from '#lib/random.ts';
import type { HomePaths } from './paths.ts';
import { hasCode, readTextOrNull, writeDraft, writePrivateFile } from './private-file.ts';

/**
 * The owner's bearer token: the file `token`, made with 32 random bytes at the first call. Two processes that start
 * together agree on one. TIRO_TOKEN (`config.token`) goes before it and is the caller's to look at.
 */
export async function readOrCreateToken(paths: HomePaths): Promise<string> {
  const found = await readTextOrNull(paths.token);
  if (found !== null && found.trim() !== '') return found.trim();
  const token = randomToken();
  if (found !== null) {
    await writePrivateFile(paths.token, `${token}\n`); // an empty token would let everybody in
    return token;
  }
  const draft = await writeDraft(paths.token, `${token}\n`);
  try {
    await link(draft, paths.token);
    return token;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    return (await readFile(paths.token, 'utf8')).trim();
  } finally {
    await rm(draft, { force: true });
  }
}
