import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createDice } from '#test/crash/campaign/dice.ts';
import { startFakeModel } from '#test/fakes/model/index.ts';
import { startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { textOf } from '#test/fakes/telegram/wire.ts';
import { startProduct, token } from '../gateway/programs.ts';
import { runFaults } from './traffic/faults.ts';
import { type Ledger, createLedger } from './traffic/ledger.ts';
import { botToken, configOf } from './traffic/people.ts';
import { runReaders } from './traffic/readers.ts';
import { type Measured, type Sample, createSampler } from './sample.ts';
import { soakScript } from './traffic/script.ts';
import { runWriters } from './traffic/writers.ts';

export interface SoakOptions {
  readonly durationMs: number;
  /** Messages a second, on average. */
  readonly perSecond: number;
  readonly chats: number;
  readonly seed: number;
  readonly sampleEveryMs: number;
  readonly faultEveryMs: number;
  /** How long a page stays open before it is loaded again. */
  readonly stayMs: number;
  /** Starts it once before: only the very first start compiles, and the memory which that takes stays with its process. */
  readonly compileFirst: boolean;
  /** Each sample is added to it as a line of JSON. */
  readonly samplesFile: string;
}

export interface Soaked {
  readonly samples: readonly Sample[];
  readonly messages: number;
  readonly answered: number;
  /** Unanswered for longer than anybody should wait. */
  readonly lost: number;
  /** What was not answered at all, for looking into. */
  readonly open: readonly string[];
  readonly lastedMs: number;
}

/** So much of what passed is kept by the fakes: they must not grow themselves. */
const keep = 500;
const modelLatencyMs = 50;
/** Nothing here takes longer: a fault costs some seconds. What is older is lost. */
const patienceMs = 120_000;
const inside = fileURLToPath(new URL('inside.ts', import.meta.url));

/**
 * The product as its users start it, on a fake Telegram and a fake model in this process, under mixed traffic for a time;
 * then until everything is answered. An aborted signal ends it early, with what there is.
 */
export async function soak(
  options: SoakOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Soaked> {
  const folder = mkdtempSync(join(tmpdir(), 'tiro-soak-'));
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clean); // a bench that is interrupted leaves nothing behind either
  const ledger = createLedger();
  const model = await startFakeModel({ latencyMs: modelLatencyMs, keep, script: soakScript });
  const telegram = await startFakeTelegram({
    token: botToken,
    keep,
    onDone: ({ params }) => ledger.seen(textOf(params, 'text'), 'telegram'),
  });
  try {
    const notes = join(folder, 'notes.jsonl');
    const start = {
      home: 'home',
      config: configOf({ modelUrl: model.url, telegramUrl: telegram.url, chats: options.chats }),
      env: {
        NODE_OPTIONS: `--import ${inside}`,
        TIRO_SOAK_INSIDE: notes,
        TIRO_SOAK_EVERY_MS: String(options.sampleEveryMs),
      },
    };
    if (options.compileFirst) await (await startProduct({ folder }, start))[Symbol.asyncDispose]();
    rmSync(notes, { force: true });
    await using product = await startProduct({ folder }, start);
    const database = join(folder, 'home', 'tiro.db');
    const sample = createSampler({ url: product.url, pid: product.pid, token, notes, database });
    const dice = createDice(options.seed);
    const { stayMs } = options;
    const parts = { url: product.url, token, telegram, model, ledger, dice, say, stayMs };
    return await run(parts, { ...options, sample }, signal);
  } finally {
    await telegram.close();
    await model.close();
    process.off('exit', clean);
    clean();
  }
}

type Parts = Parameters<typeof runWriters>[0] &
  Parameters<typeof runFaults>[0] &
  Parameters<typeof runReaders>[0];

async function run(
  parts: Parts,
  options: SoakOptions & { readonly sample: () => Promise<Measured> },
  interrupted: AbortSignal,
): Promise<Soaked> {
  const { ledger } = parts;
  const startedAt = performance.now();
  const samples = createSamples(parts, options);
  await samples.take();
  const written = AbortSignal.any([interrupted, AbortSignal.timeout(options.durationMs)]);
  const over = new AbortController();
  const readers = runReaders(parts, over.signal);
  const sampling = samples.keepTaking(over.signal);
  await Promise.all([
    runWriters(parts, options, written),
    runFaults(parts, options.faultEveryMs, written),
    Promise.race([sampling, readers, untilAborted(written)]), // what throws in them ends the run
  ]);
  const lastedMs = performance.now() - startedAt;
  await untilAnswered(ledger, interrupted);
  await samples.take();
  const open = ledger.openBefore(Number.POSITIVE_INFINITY);
  // Interrupted, nobody waited for the newest ones.
  const lost = ledger.openBefore(performance.now() - (interrupted.aborted ? patienceMs : 0)).length;
  over.abort();
  await Promise.all([sampling, readers]);
  const [messages, answered] = [ledger.messages(), ledger.answered()];
  return { samples: samples.all(), messages, answered, lost, open, lastedMs };
}

interface Samples {
  take(): Promise<void>;
  keepTaking(signal: AbortSignal): Promise<void>;
  all(): readonly Sample[];
}

function createSamples(
  { ledger, say }: Pick<Parts, 'ledger' | 'say'>,
  options: SoakOptions & { readonly sample: () => Promise<Measured> },
): Samples {
  const taken: Sample[] = [];
  const startedAt = performance.now();
  writeFileSync(options.samplesFile, '');
  return { take, keepTaking, all: () => taken };

  async function take(): Promise<void> {
    const measured = await options.sample();
    const at = (performance.now() - startedAt) / 1000;
    const one = { at, ...measured, messages: ledger.messages(), answered: ledger.answered() };
    taken.push(one);
    appendFileSync(options.samplesFile, `${JSON.stringify(rounded(one))}\n`);
    say(lineOf(one));
  }

  async function keepTaking(signal: AbortSignal): Promise<void> {
    for (let count = 1; !signal.aborted; count += 1) {
      const waitMs = startedAt + count * options.sampleEveryMs - performance.now();
      await sleep(Math.max(0, waitMs), null, { signal }).catch(() => null);
      if (!signal.aborted) await take();
    }
  }
}

function lineOf(sample: Sample): string {
  const { rssMb, heapUsedMb, heapFloorMb, descriptors, loopDelayP99Ms, loopDelayMaxMs, dbMb, walMb } = sample;
  const floor = heapFloorMb === null ? '' : ` (floor ${heapFloorMb.toFixed(0)})`;
  return [
    `RSS ${rssMb.toFixed(0)} MB`,
    `heap ${heapUsedMb.toFixed(0)}${floor}`,
    `descriptors ${descriptors}`,
    `loop p99 ${loopDelayP99Ms.toFixed(0)} ms, max ${loopDelayMaxMs.toFixed(0)}`,
    `db ${dbMb.toFixed(1)} + ${walMb.toFixed(1)} MB`,
    `${sample.answered} of ${sample.messages} answered`,
  ].join(' · ');
}

function rounded(sample: Sample): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(sample).map(([name, value]) => [name, value === null ? null : Number(value.toFixed(2))]),
  );
}

/** All answered, or what is left has been open for longer than anybody should wait. */
async function untilAnswered(ledger: Ledger, interrupted: AbortSignal): Promise<void> {
  const end = performance.now() + patienceMs;
  while (ledger.messages() > ledger.answered() && performance.now() < end && !interrupted.aborted) {
    await sleep(100);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
