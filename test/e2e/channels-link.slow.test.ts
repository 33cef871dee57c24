import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { AdapterPort, LinkOffer } from '#core/ports/adapter.ts';
import { type TestGateway, startTestGateway } from '#test/gateway.ts';
import { toyPlatform } from '#test/toy/adapter/index.ts';
import { startFakeToy } from '#test/toy/fake.ts';
import { until } from '#test/until.ts';

const tiro = fileURLToPath(new URL('../../bin/tiro', import.meta.url));
const planted = 'planted-offer-that-lets-its-reader-in';

/** The command line beside a running gateway of its home. */
function run({ home, token }: TestGateway, ...args: readonly string[]) {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, TIRO_TOKEN: token };
  const child = spawn(tiro, [...args, '--home', home], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, err] = ['', ''];
  child.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (err += piece.toString()));
  return { out: () => out, err: () => err, exit: once(child, 'exit').then(([code]: unknown[]) => code) };
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test('a phone lets a channel in: the offer reaches the terminal that asks, and nothing else', async () => {
  const toy = await startFakeToy('key-of-the-toy-platform');
  const state: { offer: LinkOffer | null } = { offer: null };
  const asked: string[] = [];
  const withLink = (adapter: AdapterPort): AdapterPort => {
    if (adapter.name !== 'toy') return adapter;
    const byCode = async (phone: string): Promise<LinkOffer> => {
      asked.push(phone);
      state.offer = { kind: 'code', text: planted, expiresAt: Date.now() + 60_000 };
      return state.offer;
    };
    const unlink = async (): Promise<void> => void asked.push('unlink');
    return { ...adapter, link: { offer: () => state.offer, byCode, unlink } };
  };
  state.offer = { kind: 'qr', text: planted, expiresAt: Date.now() + 60_000 };
  const config = `channels: { toy: { key: key-of-the-toy-platform, apiRoot: "${toy.url}" } }\n`;
  const seams = { platforms: [toyPlatform], adapter: withLink };
  await using gateway = await startTestGateway({ config, seams });
  onTestFinished(() => toy.close());
  const control = async (name: string): Promise<string> => {
    const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' };
    const url = `${gateway.url}/api/control/${name}`;
    return (await fetch(url, { method: 'POST', headers, body: '{}' })).text();
  };
  await until('it is up', async () => (await fetch(`${gateway.url}/readyz`)).status === 200);

  const linking = run(gateway, 'channels', 'link', '--json');
  await until('the offer is shown', () => linking.out().includes(planted));
  state.offer = null;
  expect([await linking.exit, linking.err()]).toEqual([0, '']);
  const lines = linking.out().trim().split('\n');
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { offer: { kind: 'qr', text: planted } },
    { linked: true },
  ]);

  state.offer = { kind: 'qr', text: 'another', expiresAt: Date.now() + 60_000 };
  const typing = run(gateway, 'channels', 'link', 'toy', '--phone', '+49 170 12345');
  await until('the code is shown', () => typing.out().includes(planted));
  for (const name of ['status', 'channels.list']) expect(await control(name)).not.toContain(planted);
  state.offer = null;
  expect(await typing.exit).toBe(0);
  const unlinking = run(gateway, 'channels', 'unlink', 'toy');
  expect(await unlinking.exit).toBe(0);
  expect(asked).toEqual(['4917012345', 'unlink']);

  const other = run(gateway, 'channels', 'unlink', 'web');
  expect([await other.exit, other.err()]).toEqual([65, expect.stringContaining('not linked by a phone')]);
  expect(await control('channels.list')).toContain('"linkable":true');
  for (const file of filesBelow(gateway.home)) {
    expect(readFileSync(file).includes(planted), file).toBe(false);
  }
});
