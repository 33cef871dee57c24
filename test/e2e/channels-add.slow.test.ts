import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { startTestGateway } from '#test/gateway.ts';
import { until } from '#test/until.ts';

const tiro = fileURLToPath(new URL('../../bin/tiro', import.meta.url));
const token = '123456:TEST-token-of-the-added-telegram-bot';

async function add(home: string, input: string, ...more: readonly string[]) {
  const args = ['channels', 'add', 'telegram', '--stdin', '--json', '--home', home, ...more];
  const child = spawn(tiro, args, { env: { PATH: process.env['PATH'] ?? '', HOME: home } });
  child.stdin.end(input);
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    child.exitCode ?? once(child, 'exit'),
  ]);
  return { code: child.exitCode, out, err };
}

test('a channel that was added by a script is connected by the next start', async () => {
  const home = mkdtempSync(join(tmpdir(), 'tiro-add-'));
  const fake = await startFakeTelegram({ token });
  onTestFinished(async () => {
    await fake.close();
    rmSync(home, { recursive: true, force: true });
  });
  const file = join(home, 'config.yaml');
  writeFileSync(file, '# mine\naccess: { dm: allowlist }\n');
  const wrong = await add(home, '123456:wrong\n', '--api-root', fake.url);
  expect([wrong.code, readFileSync(file, 'utf8')]).toEqual([65, '# mine\naccess: { dm: allowlist }\n']);
  expect(wrong.err).toContain('Telegram does not know this token');
  expect(wrong.err).not.toContain('123456:wrong');

  const added = await add(home, `${token}\n`, '--api-root', fake.url);
  expect(added).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(added.out)).toMatchObject({
    channel: 'telegram',
    path: file,
    bot: `@${fake.bot.username}`,
  });
  expect(readFileSync(file, 'utf8')).toContain('# mine');
  expect(`${added.out}${readFileSync(file, 'utf8')}`).not.toContain(token);
  expect(statSync(join(home, 'secrets/telegram-token')).mode & 0o777).toBe(0o600);

  const gateway = await startTestGateway({ home });
  onTestFinished(() => gateway.stop());
  await until('it is connected', async () => (await fetch(`${gateway.url}/readyz`)).status === 200);
});
