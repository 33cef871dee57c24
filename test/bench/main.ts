import { type Bench, type Prepared, UsageError, findingsToText } from './bench.ts';
import { crashBench } from './crash/index.ts';
import { burstBench } from './burst/index.ts';
import { channelsBench } from './channels/index.ts';
import { commitsBench } from './commits/index.ts';
import { gatewayBench } from './gateway/index.ts';
import { powerBench } from './power/index.ts';
import { mixedBench } from './mixed/index.ts';
import { soakBench } from './soak/index.ts';
import { recoveryBench } from './recovery/index.ts';

/**
 * `npm run bench -- NAME [options] [--json]`. Progress goes to standard error; standard output gets a table, or with
 * `--json` one JSON object on its last line. Exit codes: 0 measured, 1 it could not be measured, 64 usage.
 */
const benches: readonly Bench[] = [
  crashBench,
  gatewayBench,
  recoveryBench,
  soakBench,
  burstBench,
  commitsBench,
  powerBench,
  channelsBench,
  mixedBench,
];
const usage = 64;

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  if (name === '--help') {
    print(overview());
    return 0;
  }
  const bench = benches.find((candidate) => candidate.name === name);
  if (bench === undefined) {
    warn(name === '' ? 'Which bench?' : `There is no bench named ${name}.`);
    warn(overview());
    return usage;
  }
  const prepared = prepare(bench, args);
  if (prepared === null) return usage;
  if (prepared.help) print(helpOf(bench));
  else await measure(bench, prepared);
  return 0;
}

function prepare(bench: Bench, args: readonly string[]): Prepared | null {
  try {
    return bench.prepare(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    warn(error.message);
    warn(helpOf(bench));
    return null;
  }
}

async function measure(bench: Bench, prepared: Prepared): Promise<void> {
  const startedAt = Date.now();
  const say = (line: string): void => warn(`${seconds(Date.now() - startedAt)}  ${line}`);
  const findings = await prepared.run(say, interruptOf(prepared));
  print(
    prepared.json ? JSON.stringify({ bench: bench.name, ...findings.figures }) : findingsToText(findings),
  );
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`.padStart(7);
}

function overview(): string {
  const lines = benches.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`);
  return ['npm run bench -- NAME [options] [--json]', '', ...lines].join('\n');
}

function helpOf({ name, summary, options }: Bench): string {
  return [
    `npm run bench -- ${name} [options]`,
    '',
    summary,
    '',
    ...options.map((line) => `  ${line}`),
    `  --${'json'.padEnd(10)} one JSON object on the last line instead of the table`,
  ].join('\n');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function warn(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The first interrupt of a bench that ends early; any other ends by way of `exit`, where what was started is ended. */
function interruptOf({ endsEarly }: Prepared): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!endsEarly || interrupted.signal.aborted) process.exit(1);
      interrupted.abort();
    });
  }
  return interrupted.signal;
}

process.exitCode = await main(process.argv.slice(2));
