import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCli } from '#cli/run.ts';
import { createFake } from '#cli/testing/fake-deps.ts';
import { openHome } from '#config/open-home.ts';
import { randomToken } from '#lib/random.ts';
import { presets } from '#model/index.ts';

/** `tiro channels add …` over a home on the disk. */
function openTestHome(config: string) {
  const home = mkdtempSync(join(tmpdir(), 'tiro-add-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const file = join(home, 'config.yaml');
  writeFileSync(file, config);
  const read = (): string => readFileSync(file, 'utf8');
  const add = async (line: string, env: Readonly<Record<string, string>> = {}) => {
    const opened = () => openHome({ env, presets, home });
    const fake = createFake({ deps: { openHome: opened, env, randomToken } });
    const code = await runCli(`channels add ${line} --json`.split(' '), fake.deps);
    return { code, out: fake.out(), err: fake.err() };
  };
  return { home, read, add };
}

test('a webhook endpoint: its secret is made once, in a file of its own, and comments stay', async () => {
  const { home, read, add } = openTestHome('# mine\nchannels:\n  telegram: { token: "7:x" } # the bot\n');
  const line = 'webhook --set name=ci --set scheme=standard --set replyTo=telegram:7';
  const first = await add(line);
  expect([first.code, first.err]).toEqual([0, '']);
  const secret = readFileSync(join(home, 'secrets/webhook-ci-secret'), 'utf8').trim();
  expect(JSON.parse(first.out)).toMatchObject({ bot: '/hooks/ci', made: { secret } });
  const before = read();
  expect(before).toContain('# mine\nchannels:\n  telegram: { token: "7:x" } # the bot\n');
  expect(before).not.toContain(secret);
  const again = await add(line);
  expect(JSON.parse(again.out)).toMatchObject({ made: {} });
  expect([read(), readFileSync(join(home, 'secrets/webhook-ci-secret'), 'utf8').trim()]).toEqual([
    before,
    secret,
  ]);
  const url = await add('webhook --set name=back --set scheme=github --set replyTo=http://127.0.0.1:9/x');
  expect([url.code, url.err]).toEqual([0, '']);
  const moved = await add('webhook --set name=back --set replyTo=telegram:7');
  expect(moved.code).toBe(0);
  expect(read()).not.toContain('127.0.0.1:9');
  expect((await add('webhook --set name=slack --set replyTo=telegram:7')).code).toBe(65);
  const unheard = await add('webhook --set name=ci-2 --set replyTo=slack:D1');
  expect([unheard.code, unheard.err]).toEqual([65, expect.stringContaining('that is set up (telegram)')]);
});

test('whatsapp: changing the mode takes the keys of the other out, and what is beside it stays', async () => {
  const { read, add } = openTestHome('access: { dm: open } # why not\n');
  const env = { WHATSAPP_TOKEN: 't', WHATSAPP_APP_SECRET: 's' };
  const cloud = 'whatsapp --mode cloud --from-env --no-check --set phoneNumberId=1234567';
  expect(await add(cloud, env)).toMatchObject({ code: 0, err: '' });
  expect(read()).toMatch(/phoneNumberId: "1234567"\n {4}token: \$\{WHATSAPP_TOKEN\}/);
  expect(await add('whatsapp --mode web', env)).toMatchObject({ code: 0, err: '' });
  expect(read()).toBe('access: { dm: open } # why not\nchannels:\n  whatsapp:\n    mode: web\n');
  expect(await add(cloud, env)).toMatchObject({ code: 0, err: '' });
});

test('email: the password is named twice and kept once', async () => {
  const { read, add } = openTestHome('');
  const env = { EMAIL_PASSWORD: 'abcd efgh' };
  const added = await add('email --from-env --no-check --set address=tiro@posteo.de', env);
  expect(added).toMatchObject({ code: 0, err: '' });
  expect(read().match(/\$\{EMAIL_PASSWORD\}/g)).toHaveLength(2);
  expect(`${read()}${added.out}`).not.toContain('abcd');
  const unknown = await add('email --from-env --no-check --set adress=tiro@posteo.de', env);
  expect([unknown.code, unknown.err]).toEqual([65, expect.stringContaining('KEY is one of address')]);
});
