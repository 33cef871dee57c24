import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readGatewayAddress, removeGatewayAddress, writeGatewayAddress } from './gateway-address.ts';
import { homePaths, resolveHome } from './paths.ts';
import { ensureFolder, writePrivateFile } from './private-file.ts';
import { readOrCreateToken } from './token.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tiro-home-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const paths = () => homePaths({ env: {}, home: join(root, 'home') });

test('the home is the flag, else TIRO_HOME, else ~/.tiro', () => {
  expect(resolveHome({ env: { TIRO_HOME: '/a' }, home: '/b' })).toBe('/b');
  expect(resolveHome({ env: { TIRO_HOME: '~/a' } })).toBe(join(homedir(), 'a'));
  expect(resolveHome({ env: { TIRO_HOME: '' } })).toBe(join(homedir(), '.tiro'));
});

test('folders and files are for this user only', async () => {
  await ensureFolder(paths().workspaces);
  expect(modeOf(paths().home)).toBe('700');
  expect(modeOf(paths().workspaces)).toBe('700');
  await writePrivateFile(join(root, 'loose'), 'a');
  expect(modeOf(join(root, 'loose'))).toBe('600');
});

test('the token is made once, also by starts at the same time', async () => {
  const tokens = await Promise.all(Array.from({ length: 8 }, () => readOrCreateToken(paths())));
  expect(new Set(tokens).size).toBe(1);
  expect(tokens[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(modeOf(paths().token)).toBe('600');
  expect(readFileSync(paths().token, 'utf8').trim()).toBe(tokens[0]);
});

test('an empty token file is replaced, never used', async () => {
  await ensureFolder(paths().home);
  writeFileSync(paths().token, '\n');
  expect(await readOrCreateToken(paths())).toMatch(/^[0-9a-f]{64}$/);
});

test('the address of a gateway counts only while its process lives', async () => {
  expect(await readGatewayAddress(paths())).toBeNull();
  const here = { url: 'http://127.0.0.1:4180', pid: process.pid };
  await writeGatewayAddress(paths(), here);
  expect(await readGatewayAddress(paths())).toEqual(here);
  await removeGatewayAddress(paths(), process.pid + 1); // another gateway's file stays
  expect(await readGatewayAddress(paths())).toEqual(here);
  await removeGatewayAddress(paths(), process.pid);
  expect(await readGatewayAddress(paths())).toBeNull();
  await writeGatewayAddress(paths(), { ...here, pid: 2 ** 22 + 1 });
  expect(await readGatewayAddress(paths())).toBeNull();
});

test('a gateway file that is no address counts as none', async () => {
  await writePrivateFile(paths().gateway, '{"url": 7');
  expect(await readGatewayAddress(paths())).toBeNull();
});
