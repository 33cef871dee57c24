import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterEach, expect, test } from 'vitest';
import { until } from '#test/until.ts';

const program = join(import.meta.dirname, '../../bin/tiro');
const token = 'process-test-token-0123456789';
const started: Started[] = [];

interface Started {
  readonly child: ChildProcess;
  readonly home: string;
  stdout(): string;
  stderr(): string;
  exit(): Promise<number | null>;
}

afterEach(async () => {
  for (const { child, home } of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(home, { recursive: true, force: true });
  }
});

/** The program as a person starts it, on a home of its own and without a model. */
function tiro(
  args: readonly string[],
  home = mkdtempSync(join(tmpdir(), 'tiro-process-')),
  input = '',
): Started {
  const env = { ...process.env, TIRO_HOME: home, TIRO_TOKEN: token, OPENAI_API_KEY: '', OPENAI_BASE_URL: '' };
  const child = spawn('sh', [program, ...args], { env, stdio: 'pipe' });
  const seen = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (seen.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (seen.err += data.toString()));
  child.stdin.end(input);
  const exited = once(child, 'exit').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  const one: Started = { child, home, stdout: () => seen.out, stderr: () => seen.err, exit: () => exited };
  started.push(one);
  return one;
}

async function ready(gateway: Started): Promise<string> {
  const state = await until(
    'it is ready or gone',
    () => /tiro ready (http:\S+)/.exec(gateway.stdout()) ?? gateway.child.exitCode,
    30_000,
  );
  if (typeof state === 'number') throw new Error(`It ended with ${state}: ${gateway.stderr()}`);
  return state[1] ?? '';
}

test('with nothing configured the gateway starts, the demo answers over the API, and SIGTERM ends it with 0', async () => {
  const gateway = tiro(['start', '--port', '0']);
  const url = await ready(gateway);
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: token });
  const completion = await client.chat.completions.create({
    model: 'anything',
    messages: [{ role: 'user', content: 'hello' }],
  });
  expect(completion.choices[0]?.message.content).toMatch(/demo.*no(t an)? AI/is);
  expect(gateway.stderr()).toContain(`${url}/login?code=`);
  gateway.child.kill('SIGTERM');
  expect(await gateway.exit()).toBe(0);
});

test('tiro chat and tiro send talk to the running gateway', async () => {
  const gateway = tiro(['start', '--port', '0']);
  await ready(gateway);
  const chat = tiro(['chat', '--json'], gateway.home, 'what time is it\n');
  expect(await chat.exit()).toBe(0);
  expect(JSON.parse(chat.stdout())).toMatchObject({ status: 'done' });
  expect(chat.stdout()).toContain('The tool `now` says');
  const sent = tiro(['send', '--wait', 'hello from send'], gateway.home);
  expect(await sent.exit()).toBe(0);
  expect(sent.stdout()).toContain('hello from send');
});

test('a second gateway on the same home says who has it and exits 69; with --takeover the first one ends', async () => {
  const first = tiro(['start', '--port', '0']);
  await ready(first);
  const second = tiro(['start', '--port', '0'], first.home);
  expect(await second.exit()).toBe(69);
  expect(second.stderr()).toContain(String(first.child.pid));
  const third = tiro(['start', '--port', '0', '--takeover'], first.home);
  await ready(third);
  // The first one learns it at its next look at the rows.
  expect(await first.exit()).toBe(69);
  const send = tiro(['send', 'hello'], first.home);
  expect(await send.exit()).toBe(0);
  third.child.kill('SIGTERM');
  expect(await third.exit()).toBe(0);
});

test('a busy port is said in words', async () => {
  const first = tiro(['start', '--port', '0']);
  const { port } = new URL(await ready(first));
  const second = tiro(['start', '--port', port]);
  expect(await second.exit()).toBe(69);
  expect(second.stderr()).toMatch(new RegExp(`${port}.*(in use|taken|has it)`, 's'));
});

test('bad configuration ends with 78 and names the field; a wrong flag with 64', async () => {
  const home = mkdtempSync(join(tmpdir(), 'tiro-process-'));
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(home, 'config.yaml'), 'channels: { telegram: { tokn: x } }\n');
  const bad = tiro(['start', '--port', '0'], home);
  expect(await bad.exit()).toBe(78);
  expect(bad.stderr()).toContain('channels.telegram');
  const usage = tiro(['start', '--prot', '1']);
  expect(await usage.exit()).toBe(64);
});
