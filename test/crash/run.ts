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
  /** Failpoints passed by the process that was to be killed, in order. */
  readonly trace: readonly string[];
  readonly killed: boolean;
  readonly answers: readonly string[];
  readonly effects: readonly Acted[];
  /** Model requests after the kill. */
  readonly callsAfter: number;
}

/** What all scenarios of one home have in common. */
export interface Stage extends AsyncDisposable {
  readonly surroundings: Surroundings;
  readonly effects: EffectCounter;
  readonly model: FakeModel;
  readonly telegram: FakeTelegram;
  /** The next gateway on the home. Whatever happens it is ended with the stage. */
  start(options?: { readonly arm: Arm | null; readonly trace: string }): GatewayProcess;
}

export async function openStage(): Promise<Stage> {
  const home = mkdtempSync(join(tmpdir(), 'tiro-kill-'));
  const effects = await startEffectCounter();
  const model = await startFakeModel({ script: toolsThenAnswer, latencyMs: 30 });
  const telegram = await startFakeTelegram({ token: telegramToken });
  const more = 'conversation: { coalesceMs: 0 }';
  writeFileSync(join(home, 'config.yaml'), configFor({ model: model.url, telegram: telegram.url, more }));
  const gateways: GatewayProcess[] = [];
  const surroundings = { folder: home, home, effectsUrl: effects.url };
  return {
    surroundings,
    effects,
    model,
    telegram,
    start: (options = { arm: null, trace: join(home, 'trace-of-nobody') }) => {
      const gateway = startGatewayProcess(surroundings, options);
      gateways.push(gateway);
      return gateway;
    },
    async [Symbol.asyncDispose]() {
      for (const gateway of gateways) gateway.signal('SIGKILL');
      await Promise.all([telegram.close(), model.close(), effects.close()]);
      if (!process.env['KEEP']) rmSync(home, { recursive: true, force: true });
    },
  };
}

/**
 * Two messages of one chat: the first makes the model call a pure, a keyed and a once tool, the second is plain. All that
 * belongs to them bears their number.
 */
export interface Scene {
  readonly trace: string;
  /** Resolves when both are answered. */
  say(): Promise<void>;
  /** Told of the kill when it happens. */
  killed(): void;
  seen(): Seen;
}

export function openScene(stage: Stage, number: number): Scene {
  const { telegram, model, effects, surroundings } = stage;
  const mark = `#${number}.`;
  const trace = join(surroundings.folder, `trace-${number}`);
  let callsBefore: number | null = null;
  const calls = (): number => model.requests.filter((request) => lastUserText(request).includes(mark)).length;
  const shows = (words: string): boolean =>
    telegram.messages(7).some(({ text }) => text.includes(`${words} ${mark}`));
  const say = async (): Promise<void> => {
    telegram.userText(`first ${mark} use the tools`);
    // Two messages that wait together are answered together: the second one comes while the first is worked on.
    await until('the model is asked', () => calls() > 0, 30_000);
    telegram.userText(`second ${mark} just answer`);
    const isAnswered = (): boolean => shows('ANSWER first') && shows('ANSWER second');
    await until('both messages are answered', isAnswered, 30_000);
  };
  return {
    trace,
    say,
    killed: () => {
      callsBefore = calls();
    },
    seen: () => ({
      trace: linesOf(trace),
      killed: callsBefore !== null,
      answers: telegram.messages(7).flatMap(({ text }) => (text.includes(mark) ? [text] : [])),
      effects: effects.effects.filter(({ message }) => message.includes(mark)),
      callsAfter: calls() - (callsBefore ?? calls()),
    }),
  };
}

/**
 * In a home of its own: runs the gateway, kills it at the failpoint, starts it again, waits until both messages are
 * answered, and stops it in good order: what it has left to send it sends then.
 */
export async function runScenario(kill: Arm | null): Promise<Seen> {
  await using stage = await openStage();
  const scene = openScene(stage, 1);
  const answered = scene.say();
  const first = stage.start({ arm: kill, trace: scene.trace });
  await Promise.race([first.ended, answered]);
  first.signal('SIGTERM');
  if ((await first.ended).signal === 'SIGKILL') {
    scene.killed();
    const second = stage.start();
    await Promise.all([second.ready, answered]);
    await stopInGoodOrder(second);
  }
  return scene.seen();
}

export async function stopInGoodOrder(gateway: GatewayProcess): Promise<void> {
  gateway.signal('SIGTERM');
  const { code } = await gateway.ended;
  if (code !== 0) throw new Error(`The last gateway ended with ${code}.`);
}

function toolsThenAnswer(request: Parameters<typeof lastUserText>[0]) {
  const text = lastUserText(request);
  const mark = /#\d+\./.exec(text)?.[0] ?? '';
  if (request.body.messages.at(-1)?.role === 'tool') return { text: `ANSWER first ${mark}` };
  if (text.includes('second')) return { text: `ANSWER second ${mark}` };
  const message = `first ${mark}`;
  const toolCalls = ['look', 'keep', 'ring'].map((name) => ({
    id: `call_${name}`,
    name,
    arguments: JSON.stringify({ message, waiting: [message] }),
  }));
  return { toolCalls };
}

function linesOf(file: string): readonly string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}
