import { type Command, InvalidArgumentError } from 'commander';
import { TiroError } from '#core/errors.ts';
import type { CliDeps, CliHome } from './deps.ts';
import { type ControlClient, openClient } from './gateway/control-client.ts';
import { createPrinter, type Printer } from './output/printer.ts';

/** What every action gets. */
export interface CommandContext {
  readonly deps: CliDeps;
  readonly home: CliHome;
  /** `--json`: one JSON document instead of words. */
  readonly json: boolean;
  readonly print: Printer;
  /** Runs `work` with the commands over the rows, through the running gateway or in this process. */
  readonly withControl: <T>(work: (client: ControlClient) => Promise<T>) => Promise<T>;
}

/** Resolves to the exit code. */
export type Action<O> = (context: CommandContext, args: readonly string[], options: O) => Promise<number>;

/** Adds the commands of one noun. */
export type Register = (program: Command, bind: Bind) => void;

/** Makes an action into what commander calls. */
export type Bind = <O>(action: Action<O>) => (this: Command) => Promise<void>;

export const exitCodes = {
  done: 0,
  defect: 1,
  usage: 64,
  unavailable: 69,
  denied: 77,
  badConfig: 78,
} as const;

export function createBind(deps: CliDeps, settle: (exitCode: number) => void): Bind {
  return (action) =>
    async function run(this: Command): Promise<void> {
      const options = this.opts<{ json?: boolean; home?: string } & Parameters<typeof action>[2]>();
      const home = deps.openHome(options.home ?? null);
      const context: CommandContext = {
        deps,
        home,
        json: options.json === true,
        print: createPrinter(deps),
        withControl: (work) => withControl(deps, home, work),
      };
      settle(await action(context, this.args, options));
    };
}

async function withControl<T>(
  deps: CliDeps,
  home: CliHome,
  work: (client: ControlClient) => Promise<T>,
): Promise<T> {
  const client = await openClient(deps, home);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

export interface CommandText {
  readonly name: string;
  readonly summary: string;
  /** Command lines without `tiro `, each with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
}

/** A command that does something: with --json, --home and examples. */
export function addCommand(parent: Command, text: CommandText, options?: { isDefault: boolean }): Command {
  return withExamples(parent.command(text.name, options), text)
    .summary(text.summary)
    .description(text.summary)
    .option('--json', 'print JSON for programs')
    .option('--home <dir>', 'the home folder (default: TIRO_HOME, else ~/.tiro)');
}

/** A noun with verbs below it. */
export function addGroup(parent: Command, text: CommandText): Command {
  return withExamples(parent.command(text.name), text).summary(text.summary).description(text.summary);
}

function withExamples(command: Command, text: CommandText): Command {
  const width = Math.max(0, ...text.examples.map(([line]) => line.length));
  const lines = text.examples.map(([line, does]) => `  tiro ${line.padEnd(width)}  ${does}`);
  return lines.length === 0 ? command : command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** For `.option(…, parseCount)`: a whole number from 1 to `most`. */
export function countUpTo(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (Number.isInteger(count) && count >= 1 && count <= most) return count;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
  };
}

/** For `.option(…, oneOf(words))`. */
export function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`It must be one of: ${words.join(', ')}.`);
  };
}

/** The n-th argument of a command that demands it. */
export function argument(args: readonly string[], index: number): string {
  const found = args[index];
  if (found === undefined) throw new TiroError('bad-input', 'An argument is missing; see --help.');
  return found;
}
