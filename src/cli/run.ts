import { Command, CommanderError } from 'commander';
import { exitCodeByError, messageOf, TiroError } from '#core/errors.ts';
import { createBind, exitCodes, type Register } from './command.ts';
import type { CliDeps } from './deps.ts';
import { createPrinter } from './output/printer.ts';

interface Noun {
  readonly name: string;
  readonly summary: string;
  /** Only the file of the noun that is asked for is loaded. */
  load(): Promise<{ readonly register: Register }>;
}

const nouns: readonly Noun[] = [
  { name: 'start', summary: 'run the gateway', load: () => import('./commands/start.ts') },
  { name: 'chat', summary: 'talk in this terminal', load: () => import('./commands/chat.ts') },
  { name: 'send', summary: 'hand in one message', load: () => import('./commands/send.ts') },
  { name: 'status', summary: 'how the gateway is doing', load: () => import('./commands/status.ts') },
  {
    name: 'doctor',
    summary: 'find what is wrong and how to mend it',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'init',
    summary: 'set up model and channels, question by question',
    load: () => import('./commands/init.ts'),
  },
  { name: 'config', summary: 'check or show the configuration', load: () => import('./commands/config.ts') },
  {
    name: 'channels',
    summary: 'the connected channels, and adding one',
    load: () => import('./commands/rows/channels.ts'),
  },
  { name: 'approvals', summary: 'what waits for a yes', load: () => import('./commands/rows/approvals.ts') },
  { name: 'conversations', summary: 'what was said', load: () => import('./commands/rows/conversations.ts') },
  { name: 'turns', summary: 'what was done, and why', load: () => import('./commands/rows/turns.ts') },
  { name: 'outbox', summary: 'what is being delivered', load: () => import('./commands/rows/outbox.ts') },
  { name: 'spend', summary: 'what it cost', load: () => import('./commands/rows/spend.ts') },
  {
    name: 'people',
    summary: 'who is known, and letting somebody in',
    load: () => import('./commands/rows/people.ts'),
  },
];

/** `argv` without node and script. Resolves to the exit code of the process; never rejects. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  let exitCode: number = exitCodes.done;
  // A reader that leaves early (`tiro turns | head`) is no fault of the command.
  deps.stdout.on('error', ignoreClosedPipe);
  try {
    const program = await buildProgram(argv, deps, (code) => {
      exitCode = code;
    });
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, argv.includes('--json'), deps);
  } finally {
    deps.stdout.off('error', ignoreClosedPipe);
  }
}

async function buildProgram(
  argv: readonly string[],
  deps: CliDeps,
  settle: (exitCode: number) => void,
): Promise<Command> {
  const program = new Command('tiro');
  program
    .description('An always-on assistant that you run yourself.')
    .version(deps.version, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'the same as --help')
    .addHelpText(
      'after',
      '\nFirst steps:\n  tiro init     set up a model and channels\n  tiro start    run the gateway\n  tiro chat     talk',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void deps.stdout.write(text),
      writeErr: (text) => void deps.stderr.write(text),
      getOutHelpWidth: () => deps.terminal.columns(),
      getErrHelpWidth: () => deps.terminal.columns(),
      getOutHasColors: () => deps.terminal.color,
      getErrHasColors: () => deps.terminal.color,
      outputError: (text, write) => write(argv.includes('--json') ? '' : text.replace(/^error: /, 'tiro: ')),
    });
  if (!argv.includes('--json')) program.showHelpAfterError('(--help behind a command shows its options)');
  const wanted = argv.find((word) => !word.startsWith('-') && word !== 'help');
  const bind = createBind(deps, settle);
  for (const noun of nouns) {
    if (noun.name === wanted) (await noun.load()).register(program, bind);
    else program.command(noun.name).summary(noun.summary);
  }
  return program;
}

function report(error: unknown, json: boolean, deps: CliDeps): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done;
    if (json) say('usage', error.message.replace(/^error: /, ''));
    return exitCodes.usage;
  }
  if (error instanceof TiroError) {
    say(error.code, error.message);
    return exitCodeByError[error.code];
  }
  // A defect: the trace is what a report of it needs.
  say('defect', error instanceof Error && !json ? (error.stack ?? error.message) : messageOf(error));
  return exitCodes.defect;

  function say(code: string, message: string): void {
    const print = createPrinter(deps);
    print.aside(
      json ? JSON.stringify({ error: { code, message } }) : `${print.paint('bad', 'tiro:')} ${message}`,
    );
  }
}

function ignoreClosedPipe(error: Error & { readonly code?: string }): void {
  if (error.code !== 'EPIPE') throw error;
}
