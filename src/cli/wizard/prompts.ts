import type * as clackPrompts from '@clack/prompts';
import type { CliDeps } from '../deps.ts';

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** Questions to a person. Every one rejects with WizardCancelled on Ctrl-C or Escape. */
export interface Prompts {
  intro(text: string): void;
  outro(text: string): void;
  /** Something to read, with a title. */
  note(title: string, text: string): void;
  good(text: string): void;
  bad(text: string): void;
  /** `first` is taken by Enter alone. */
  select<T extends string>(question: string, choices: readonly Choice<T>[], first: T): Promise<T>;
  text(question: string, options: TextOptions): Promise<string>;
  /** Typed without being shown. */
  secret(question: string, check: Check): Promise<string>;
  confirm(question: string, first: boolean): Promise<boolean>;
  /** Shows that something is waited for. */
  busy<T>(what: string, work: Promise<T>): Promise<T>;
}

/** A sentence on what is wrong with what was typed; null: nothing. */
export type Check = (text: string) => string | null;

export interface TextOptions {
  readonly initial?: string;
  readonly placeholder?: string;
  readonly check: Check;
}

export class WizardCancelled extends Error {}

interface Common {
  readonly input: CliDeps['stdin'];
  readonly output: CliDeps['stdout'];
}

/** The questions on a terminal. @clack/prompts is loaded only here. */
export async function createPrompts(deps: Pick<CliDeps, 'stdin' | 'stdout'>): Promise<Prompts> {
  const clack = await import('@clack/prompts');
  const common = { input: deps.stdin, output: deps.stdout };
  return {
    intro: (text) => clack.intro(text, common),
    outro: (text) => clack.outro(text, common),
    note: (title, text) => clack.note(text, title, common),
    good: (text) => clack.log.success(text, common),
    bad: (text) => clack.log.error(text, common),
    busy: async (what, work) => {
      const spinner = clack.spinner(common);
      spinner.start(what);
      try {
        return await work;
      } finally {
        spinner.clear();
      }
    },
    ...createQuestions(clack, common),
  };
}

function createQuestions(
  clack: typeof clackPrompts,
  common: Common,
): Pick<Prompts, 'select' | 'text' | 'secret' | 'confirm'> {
  const toValidate = (check: Check) => (text: string | undefined) => check(text ?? '') ?? undefined;
  return {
    select: async (message, choices, first) => {
      const options = choices.map((choice) => ({ ...choice }));
      const asked = { ...common, message, options, initialValue: first, maxItems: 12 };
      const chosen = await clack.select<string>(asked);
      const found = choices.find(({ value }) => value === chosen);
      if (found === undefined) throw new WizardCancelled();
      return found.value;
    },
    text: async (message, { initial, placeholder, check }) =>
      taken(
        await clack.text({
          ...common,
          message,
          validate: toValidate(check),
          ...(initial === undefined ? {} : { initialValue: initial }),
          ...(placeholder === undefined ? {} : { placeholder }),
        }),
      ).trim(),
    secret: async (message, check) =>
      taken(await clack.password({ ...common, message, validate: toValidate(check) })).trim(),
    confirm: async (message, first) => {
      const answer = await clack.confirm({ ...common, message, initialValue: first });
      if (typeof answer === 'symbol') throw new WizardCancelled();
      return answer;
    },
  };
}

/** What was typed; clack answers a symbol for Ctrl-C and Escape. */
function taken(answer: string | symbol): string {
  if (typeof answer === 'symbol') throw new WizardCancelled();
  return answer;
}
