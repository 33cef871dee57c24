import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { configFor, telegramToken } from '#test/e2e/world.ts';
import { type FakeDisk, createFakeDisk } from '#test/fakes/disk/index.ts';
import { type FakeModel, type FakeModelOptions, startFakeModel } from '#test/fakes/model/index.ts';
import { type FakeTelegram, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { until } from '#test/until.ts';

const program = join(import.meta.dirname, '../../bin/tiro');
const token = 'disk-test-token-0123456789abcdef';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The gateway as a person starts it, on a disk that fails on command, with a fake model and a fake Telegram. */
export interface DiskWorld extends AsyncDisposable {
  readonly disk: FakeDisk;
  readonly home: string;
  readonly model: FakeModel;
  readonly telegram: FakeTelegram;
  /** Starts the process. */
  launch(): Gateway;
  /** Lines of the log of this kind so far. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[];
  readyz(): Promise<Answer>;
  post(text: string, key: string): Promise<Answer>;
  /** What Telegram's user 7 sees as answers, in order. */
  answers(): readonly string[];
  /** The texts of all events in the order in which they were stored; read when no gateway runs. */
  storedTexts(): readonly string[];
  mainFileBytes(): number;
  homeFiles(): readonly string[];
}

export interface Gateway {
  readonly child: ChildProcess;
  /** Resolves when it takes messages and is connected to Telegram. */
  ready(): Promise<void>;
  /** What it said on standard error so far. */
  words(): string;
  /** The exit code and what it had said on standard error. */
  ended(): Promise<{ readonly code: number | null; readonly words: string }>;
  stop(): Promise<void>;
}

export async function startDiskWorld(
  model: FakeModelOptions = {},
  options: { readonly token?: 'given' | 'own' } = {},
): Promise<DiskWorld> {
  const disk = createFakeDisk();
  const home = join(disk.folder, 'home');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const fakeModel = await startFakeModel(model);
  const telegram = await startFakeTelegram({ token: telegramToken });
  writeFileSync(join(home, 'config.yaml'), configFor({ model: fakeModel.url, telegram: telegram.url }));
  const children: ChildProcess[] = [];
  const killAll = (): void => children.forEach((child) => void child.kill('SIGKILL'));
  process.once('exit', killAll);
  let url = '';

  return {
    disk,
    home,
    model: fakeModel,
    telegram,
    launch,
    logged,
    readyz: () => ask('/readyz'),
    post: (text, key) =>
      ask('/api/messages', {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify({ text }),
      }),
    answers: () => telegram.messages(7).map(({ text }) => text),
    storedTexts,
    mainFileBytes: () => statSync(join(home, 'tiro.db')).size,
    homeFiles: () => readdirSync(home),
    async [Symbol.asyncDispose]() {
      const ends = children.filter(isAlive).map((child) => once(child, 'exit'));
      killAll();
      process.off('exit', killAll);
      await Promise.all([...ends, telegram.close(), fakeModel.close()]);
      disk[Symbol.dispose]();
    },
  };

  function launch(): Gateway {
    const given = options.token === 'own' ? {} : { TIRO_TOKEN: token };
    const env = { ...process.env, ...disk.env, ...given, TIRO_HOME: home };
    const args = [program, 'start', '--port', '0', '--home', home];
    const child = spawn('sh', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const seen = { out: '', words: '' };
    child.stdout.on('data', (data: Buffer) => (seen.out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (seen.words += data.toString()));
    const exited = once(child, 'close').then(([code]: unknown[]) => ({
      code: typeof code === 'number' ? code : null,
      words: seen.words,
    }));
    return {
      child,
      ready: async () => {
        const found = await until(
          'it is ready or gone',
          () => /tiro ready (http:\S+)/.exec(seen.out)?.[1] ?? (isAlive(child) ? null : true),
          30_000,
        );
        if (found === true) throw new Error(`It ended: ${seen.words}`);
        url = found;
        await until('it is connected', async () => (await ask('/readyz')).status === 200);
      },
      words: () => seen.words,
      ended: () => exited,
      stop: async () => {
        child.kill('SIGTERM');
        await exited;
      },
    };
  }

  async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${url}${path}`, init);
    return { status: response.status, text: await response.text() };
  }

  function logged(event: string): readonly Readonly<Record<string, unknown>>[] {
    const file = join(home, 'logs/gateway.log');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.flatMap((line) =>
      line.includes(`"event":"${event}"`) ? [lineSchema.parse(JSON.parse(line))] : [],
    );
  }

  function storedTexts(): readonly string[] {
    const db = new Database(join(home, 'tiro.db'), { readonly: true });
    try {
      if (db.pragma('integrity_check', { simple: true }) !== 'ok')
        throw new Error('The database is damaged.');
      return db.prepare<[], string>('SELECT text FROM events ORDER BY seq').pluck().all();
    } finally {
      db.close();
    }
  }
}

const lineSchema = z.record(z.string(), z.unknown());

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
