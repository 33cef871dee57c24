import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { configFor, telegramToken } from '#test/e2e/world.ts';
import { type FakeModel, lastUserText, startFakeModel } from '#test/fakes/model/index.ts';
import { type FakeTelegram, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { until } from '#test/until.ts';

const effectSchema = z.object({ tool: z.string(), n: z.number(), key: z.string() });

/** What the outside saw of one scenario with at most one kill. */
export interface Seen {
  /** Failpoints passed by the first process, in order. */
  readonly trace: readonly string[];
  readonly killed: boolean;
  readonly answers: readonly string[];
  readonly effects: readonly z.infer<typeof effectSchema>[];
  /** Model requests before and after the kill. */
  readonly callsBefore: number;
  readonly callsAfter: number;
}

/**
 * Two messages of one chat: the first makes the model call a pure, a keyed and a once tool, the second is plain. Runs
 * the gateway, kills it at the named failpoint, starts it again, and waits until both are answered.
 */
export async function runScenario(
  kill: { readonly point: string; readonly nth: number } | null,
): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), 'tiro-kill-'));
  const files = { home: folder, trace: join(folder, 'trace'), effects: join(folder, 'effects') };
  const model = await startFakeModel({ script: toolsThenAnswer, latencyMs: 30 });
  const telegram = await startFakeTelegram({ token: telegramToken });
  const more = 'conversation: { coalesceMs: 0 }';
  writeFileSync(join(folder, 'config.yaml'), configFor({ model: model.url, telegram: telegram.url, more }));
  const children: ChildProcess[] = [];
  try {
    return await play({ files, model, telegram, children }, kill);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await telegram.close();
    await model.close();
    if (!process.env['KEEP']) rmSync(folder, { recursive: true, force: true });
  }
}

interface Stage {
  readonly files: { readonly home: string; readonly trace: string; readonly effects: string };
  readonly model: FakeModel;
  readonly telegram: FakeTelegram;
  /** Every gateway that was started, to be ended whatever happens. */
  readonly children: ChildProcess[];
}

async function play(
  stage: Stage,
  kill: { readonly point: string; readonly nth: number } | null,
): Promise<Seen> {
  const { model, telegram, files } = stage;
  telegram.userText('first: use the tools');
  const first = startChild(stage, kill);
  const exited = once(first, 'exit');
  // Two messages that wait together are answered together: the second one comes while the first is worked on.
  const said = until('the model is asked', () => model.requests.length > 0, 30_000).then(() =>
    telegram.userText('second: just answer'),
  );
  const answered = said.then(() => bothAnswered(telegram));
  const killed = await Promise.race([exited.then(() => true), answered.then(() => false)]);
  const trace = lines(files.trace);
  const callsBefore = model.requests.length;
  const last = killed ? startChild(stage, null) : first;
  await answered;
  // What would come twice comes now: the gateway has nothing left to do.
  await quiet(files.trace);
  last.kill('SIGKILL');
  await (killed ? once(last, 'exit') : exited);
  return {
    trace,
    killed,
    answers: telegram.messages(7).map((shown) => shown.text),
    effects: lines(files.effects).map((line) => effectSchema.parse(JSON.parse(line))),
    callsBefore,
    callsAfter: model.requests.length - callsBefore,
  };
}

function toolsThenAnswer(request: Parameters<typeof lastUserText>[0]) {
  const text = lastUserText(request);
  if (request.body.messages.at(-1)?.role === 'tool') return { text: 'ANSWER first' };
  if (text.includes('second')) return { text: 'ANSWER second' };
  const call = (name: string, n: number) => ({ id: `call_${n}`, name, arguments: JSON.stringify({ n }) });
  return { toolCalls: [call('look', 1), call('keep', 2), call('ring', 3)] };
}

async function bothAnswered(telegram: FakeTelegram): Promise<void> {
  const shows = (word: string): boolean => telegram.messages(7).some((shown) => shown.text.includes(word));
  await until('both messages are answered', () => shows('ANSWER first') && shows('ANSWER second'), 30_000);
}

/** Waits until no failpoint has been passed for a while. */
async function quiet(trace: string): Promise<void> {
  let seen = -1;
  let since = Date.now();
  await until('nothing happens any more', () => {
    const count = lines(trace).length;
    if (count !== seen) since = Date.now();
    seen = count;
    return Date.now() - since > 400;
  });
}

function lines(file: string): readonly string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}

function startChild(
  { files, children }: Stage,
  kill: { readonly point: string; readonly nth: number } | null,
): ChildProcess {
  const at = kill === null ? [] : ['--kill', kill.point, '--nth', String(kill.nth)];
  const args = ['--home', files.home, '--trace', files.trace, '--effects', files.effects, ...at];
  const child = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), ...args], {
    stdio: 'ignore',
  });
  children.push(child);
  return child;
}
