import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configFor, telegramToken } from '#test/e2e/world.ts';
import { type FakeModel, startFakeModel } from '#test/fakes/model/index.ts';
import { type FakeTelegram, type Update, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { until } from '#test/until.ts';
import { script } from './script.ts';

/** A gateway process, a fake model and a fake Telegram; everything the product has is what stands in `home`. */
export interface World extends AsyncDisposable {
  readonly home: string;
  readonly model: FakeModel;
  readonly telegram: FakeTelegram;
  /** Starts the next gateway and waits until it is ready. Rejects with its own words when it ends before. */
  start(): Promise<Running>;
  /** bin/tiro itself, without anything held up. */
  startProgram(): Promise<Running>;
  say(person: number, text: string): void;
  /** Every update of `say`, oldest first. */
  said(): readonly Update[];
  /** The exit code of the gateway that ended last. */
  lastCode(): number | null;
  /** What stands in a person's chat, oldest first. */
  shown(person: number): readonly string[];
  /** A file of the home stands, or does not. */
  set(name: string, stands: boolean): void;
  linesOf(file: string): readonly string[];
  /** The API of the gateway that runs now, as the owner. */
  control(command: string, input: unknown): Promise<unknown>;
}

export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  /** The exit code, or null where a signal ended it; and how long that took from `signal`. */
  end(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly tookMs: number }>;
  readonly exited: Promise<number | null>;
  stderr(): string;
}

export const token = 'test-token-0123456789abcdef';
const root = join(import.meta.dirname, '../..');

/** Ann (7) is the owner; the others are members in chats of their own. */
export async function startWorld(members: readonly number[], more = ''): Promise<World> {
  const home = mkdtempSync(join(tmpdir(), 'tiro-recovery-'));
  const model = await startFakeModel({ script });
  const telegram = await startFakeTelegram({ token: telegramToken });
  const people = members.map((id) => `  p${id}: { role: member, identities: ["telegram:${id}"] }`);
  const rest = `${people.join('\n')}\n${more}`;
  writeFileSync(
    join(home, 'config.yaml'),
    configFor({ model: model.url, telegram: telegram.url, more: rest }),
  );
  const children: ChildProcess[] = [];
  const said: Update[] = [];
  let url = '';
  let lastCode: number | null = null;

  return {
    home,
    model,
    telegram,
    start: () => run(process.execPath, [join(import.meta.dirname, 'child.ts'), '--home', home]),
    startProgram: () => run('sh', [join(root, 'bin/tiro'), 'start', '--port', '0', '--home', home]),
    say: (person, text) => {
      const from = { id: person, is_bot: false, first_name: `P${person}` };
      said.push(telegram.userText(text, { from, chat: { id: person, type: 'private' } }));
    },
    said: () => said,
    lastCode: () => lastCode,
    shown: (person) => telegram.messages(person).map(({ text }) => text),
    set: (name, stands) =>
      stands ? writeFileSync(join(home, name), '') : rmSync(join(home, name), { force: true }),
    linesOf: (file) => linesOf(join(home, file)),
    control: async (command, input) => {
      const response = await fetch(`${url}/api/control/${command}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(input),
      });
      return response.json();
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
      await telegram.close();
      await model.close();
      rmSync(home, { recursive: true, force: true });
    },
  };

  async function run(file: string, args: readonly string[]): Promise<Running> {
    const env = { ...process.env, TIRO_TOKEN: token, OPENAI_API_KEY: '', OPENAI_BASE_URL: '' };
    const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    children.push(child);
    const seen = { out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => (seen.out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (seen.err += data.toString()));
    let isGone = false;
    const exited = once(child, 'exit').then(([code]: unknown[]) => {
      isGone = true;
      lastCode = typeof code === 'number' ? code : null;
      return lastCode;
    });
    const ready = await until(
      'it is ready or gone',
      () => /ready (http:\S+)/.exec(seen.out) ?? isGone,
      60_000,
    );
    if (ready === true) throw new Error(`It ended before it was ready: ${seen.err}`);
    url = ready[1] ?? '';
    return { child, url, exited, end: (signal) => end(child, exited, signal), stderr: () => seen.err };
  }
}

async function end(
  child: ChildProcess,
  exited: Promise<number | null>,
  signal: NodeJS.Signals,
): Promise<{ readonly code: number | null; readonly tookMs: number }> {
  const startedAt = performance.now();
  child.kill(signal);
  const code = await exited;
  return { code, tookMs: performance.now() - startedAt };
}

function linesOf(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}
