import type { Command } from 'commander';
import { cliActor } from '../gateway/control-client.ts';
import { InvalidArgumentError } from 'commander';
import { TiroError } from '#core/errors.ts';
import { addCommand, type Bind, type CommandContext, exitCodes } from '../command.ts';
import type { RunningGateway } from '../deps.ts';
import { sentence } from './config.ts';

interface StartFlags {
  readonly host?: string;
  readonly port?: number;
  readonly takeover?: boolean;
}

/** Longest time a gateway may take to end what it does. */
const drainMs = 10_000;

/** `tiro start`: prints `tiro ready URL` on standard output once it takes messages. */
export function register(program: Command, bind: Bind): void {
  addCommand(program, {
    name: 'start',
    summary: 'run the gateway until it is stopped',
    examples: [
      ['start', 'on http://127.0.0.1:4180'],
      ['start --port 0 --home ./try', 'on any free port, with a home of its own'],
      ['start --takeover', 'take the home over from a gateway that hangs'],
    ],
  })
    .option('--host <address>', 'listen here (default: 127.0.0.1)')
    .option(
      '--port <n>',
      'listen on this port; 0 takes a free one (default: TIRO_PORT, else 4180)',
      parsePort,
    )
    .option('--takeover', 'take the home over from another gateway')
    .action(bind(start));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port, 0 to 65535.');
}

async function start(context: CommandContext, _args: readonly string[], flags: StartFlags): Promise<number> {
  const { deps, home, print, json } = context;
  const wish = await prepare(context);
  if (wish !== 'start') return wish;
  const signals = watchSignals(context);
  try {
    const starting = deps.startGateway({
      home: home.path,
      host: flags.host ?? null,
      port: flags.port ?? null,
      takeover: flags.takeover === true,
      quiet: false,
    });
    const gateway = await Promise.race([starting, signals.second]);
    if (typeof gateway === 'number') return gateway;
    if (json) print.json({ ready: true, url: gateway.url });
    else print.line(`tiro ready ${gateway.url}`);
    print.aside(`Open the page, once, with: ${await gateway.loginLink()}`);
    await hintOwner(context, gateway);
    return await runUntilEnd(context, gateway, signals);
  } finally {
    signals.close();
  }
}

/** Says what is wrong with the configuration; with none at all, offers the wizard to whoever sits there. */
async function prepare(context: CommandContext): Promise<'start' | number> {
  const { home, print, deps, json } = context;
  let checked = await home.check();
  if (checked.ok && checked.isBlank && deps.terminal.input && deps.terminal.output && !json) {
    const { runWizard } = await import('../wizard/wizard.ts');
    const outcome = await runWizard(context, { skippable: true });
    if (outcome === 'cancelled') return exitCodes.done;
    checked = await home.check();
  }
  if (!checked.ok) {
    const lines = checked.problems.map((problem) => sentence(problem, home.configPath));
    throw new TiroError(
      'bad-config',
      `the configuration is not good.\n${lines.map((line) => `  ${line}`).join('\n')}`,
    );
  }
  for (const warning of checked.warnings) print.aside(`! ${sentence(warning, home.configPath)}`);
  if (checked.demo)
    print.aside('No model is configured: the demo answers, which is no AI. Set one up with: tiro init');
  return 'start';
}

/** Page, terminal and API, where whoever comes has the token, and webhooks, where nobody pairs. */
const ownChannels = new Set(['web', 'cli', 'api', 'webhook']);

/** A bot that knows nobody answers strangers only: says how the owner becomes known there. */
async function hintOwner({ print }: CommandContext, { control }: RunningGateway): Promise<void> {
  const [channels, { identities }] = await Promise.all([
    control.run('channels.list', {}, cliActor),
    control.run('people.list', {}, cliActor),
  ]);
  const owned = new Set(
    identities.filter(({ role }) => role === 'owner').map(({ identity }) => identity.split(':')[0]),
  );
  const unknown = channels.filter(({ name }) => !ownChannels.has(name) && !owned.has(name));
  for (const { name } of unknown) {
    print.aside(
      `Nobody on ${name} is known as the owner yet: run \`tiro people pair\` and send the code there.`,
    );
  }
}

interface Signals {
  readonly first: Promise<void>;
  /** Resolves to the exit code of a forced end. */
  readonly second: Promise<number>;
  close(): void;
}

function watchSignals({ deps }: CommandContext): Signals {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<number>();
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count === 1) first.resolve();
    else second.resolve(exitCodes.defect);
  };
  const off = [deps.onSignal('SIGTERM', onSignal), deps.onSignal('SIGINT', onSignal)];
  return {
    first: first.promise,
    second: second.promise,
    close: () => {
      for (const unsubscribe of off) unsubscribe();
    },
  };
}

/** One signal drains and ends with 0; a second one forces. */
async function runUntilEnd(
  context: CommandContext,
  gateway: RunningGateway,
  signals: Signals,
): Promise<number> {
  const { print, deps } = context;
  const ended = await Promise.race([gateway.ended, signals.first]);
  if (ended !== undefined) {
    print.aside(`${print.paint('bad', 'tiro:')} ${ended.reason}`);
    return ended.exitCode;
  }
  print.aside('Stopping: what runs gets up to 10 s to end. Once more to stop now.');
  const timeout = new AbortController();
  const late = deps.clock.sleep(drainMs, timeout.signal).then(() => 'late' as const);
  const outcome = await Promise.race([gateway.stop(), late, signals.second]);
  timeout.abort();
  if (outcome === 'late') print.aside('Not all of it ended in 10 s; the rest goes on at the next start.');
  return typeof outcome === 'number' ? outcome : exitCodes.done;
}
