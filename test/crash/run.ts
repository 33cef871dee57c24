import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configFor, telegramToken } from '#test/e2e/world.ts';
import { type FakeModel, lastUserText, startFakeModel } from '#test/fakes/model/index.ts';
import { type FakeTelegram, startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { until } from '#test/until.ts';
import { type Acted, type EffectCounter, startEffectCounter } from './effects.ts';
import { type Arm, type GatewayProcess, type Surroundings, startGatewayProcess } from './gateway-process.ts';

/** What the outside saw of one scenario with at most one kill. */
export interface Seen {
  /** Failpoints passed by the first process, in order. */
  readonly trace: readonly string[];
  readonly killed: boolean;
  readonly answers: readonly string[];
  readonly effects: readonly Acted[];
  /** Model requests after the kill. */
  readonly callsAfter: number;
}

/**
 * Two messages of one chat: the first makes the model call a pure, a keyed and a once tool, the second is plain. Runs
 * the gateway, kills it at the failpoint, starts it again, waits until both are answered, and stops it in good order:
 * what it has left to send it sends then.
 */
export async function runScenario(kill: Arm | null): Promise<Seen> {
  const home = mkdtempSync(join(tmpdir(), 'tiro-kill-'));
  const effects = await startEffectCounter();
  const model = await startFakeModel({ script: toolsThenAnswer, latencyMs: 30 });
  const telegram = await startFakeTelegram({ token: telegramToken });
  const more = 'conversation: { coalesceMs: 0 }';
  writeFileSync(join(home, 'config.yaml'), configFor({ model: model.url, telegram: telegram.url, more }));
  const gateways: GatewayProcess[] = [];
  const surroundings = { folder: home, home, effectsUrl: effects.url };
  try {
    return await play({ surroundings, effects, model, telegram, gateways }, kill);
  } finally {
    for (const gateway of gateways) gateway.signal('SIGKILL');
    await Promise.all([telegram.close(), model.close(), effects.close()]);
    if (!process.env['KEEP']) rmSync(home, { recursive: true, force: true });
  }
}

interface Stage {
  readonly surroundings: Surroundings;
  readonly effects: EffectCounter;
  readonly model: FakeModel;
  readonly telegram: FakeTelegram;
  /** Every gateway that was started, to be ended whatever happens. */
  readonly gateways: GatewayProcess[];
}

async function play(stage: Stage, kill: Arm | null): Promise<Seen> {
  const { surroundings, effects, model, telegram, gateways } = stage;
  const trace = join(surroundings.folder, 'trace');
  telegram.userText('first: use the tools');
  const first = startGatewayProcess(surroundings, { arm: kill, trace });
  gateways.push(first);
  // Two messages that wait together are answered together: the second one comes while the first is worked on.
  const said = until('the model is asked', () => model.requests.length > 0, 30_000).then(() =>
    telegram.userText('second: just answer'),
  );
  const answered = said.then(() => bothAnswered(telegram));
  await Promise.race([first.ended, answered]);
  first.signal('SIGTERM');
  const killed = (await first.ended).signal === 'SIGKILL';
  const callsBefore = model.requests.length;
  if (killed) await goOn(stage, answered);
  return {
    trace: lines(trace),
    killed,
    answers: telegram.messages(7).map((shown) => shown.text),
    effects: effects.effects,
    callsAfter: model.requests.length - callsBefore,
  };
}

async function goOn({ surroundings, gateways }: Stage, answered: Promise<void>): Promise<void> {
  const second = startGatewayProcess(surroundings, { arm: null });
  gateways.push(second);
  await Promise.all([second.ready, answered]);
  second.signal('SIGTERM');
  const { code } = await second.ended;
  if (code !== 0) throw new Error(`The second gateway ended with ${code}.`);
}

function toolsThenAnswer(request: Parameters<typeof lastUserText>[0]) {
  const text = lastUserText(request);
  if (request.body.messages.at(-1)?.role === 'tool') return { text: 'ANSWER first' };
  if (text.includes('second')) return { text: 'ANSWER second' };
  const toolCalls = ['look', 'keep', 'ring'].map((name) => ({
    id: `call_${name}`,
    name,
    arguments: JSON.stringify({ message: 'first', waiting: ['first'] }),
  }));
  return { toolCalls };
}

async function bothAnswered(telegram: FakeTelegram): Promise<void> {
  const shows = (word: string): boolean => telegram.messages(7).some((shown) => shown.text.includes(word));
  await until('both messages are answered', () => shows('ANSWER first') && shows('ANSWER second'), 30_000);
}

function lines(file: string): readonly string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}
