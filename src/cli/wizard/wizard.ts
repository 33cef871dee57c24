import { TiroError } from '#core/errors.ts';
import type { CommandContext } from '../command.ts';
import { askModel } from './model.ts';
import { type Answers, modelEdits, nextSteps, telegramEdits } from './plan.ts';
import { createPrompts, type Prompts, WizardCancelled } from './prompts.ts';
import { keepSecret, type NamedSecret } from './secret.ts';
import { askTelegram } from './telegram.ts';

export interface WizardOptions {
  /** Before a first start: Enter skips everything and takes the demo. */
  readonly skippable: boolean;
  /** For tests. */
  readonly prompts?: Prompts;
}

/** written: config.yaml has changed. skipped: the demo will do. cancelled: Ctrl-C; nothing has changed. */
export type WizardOutcome = 'written' | 'skipped' | 'cancelled';

/** questions, each tried live → secrets into files → config.yaml, all at once. Until then nothing is written. */
export async function runWizard(
  context: Pick<CommandContext, 'deps' | 'home'>,
  options: WizardOptions,
): Promise<WizardOutcome> {
  const { deps, home } = context;
  const prompts = options.prompts ?? (await createPrompts(deps));
  try {
    prompts.intro('Tiro, first steps');
    if (options.skippable && (await askWhetherToSkip(prompts))) return 'skipped';
    const model = await askModel(deps, prompts);
    const telegram = await askTelegram(deps, prompts);
    const answers = { model, telegram };
    const written = await write(context, answers);
    if (written !== null) prompts.good(`Written: ${written}`);
    prompts.note('Next', nextSteps(answers, options.skippable));
    prompts.outro(model === null ? 'The demo answers for now.' : 'Ready.');
    return written === null ? 'skipped' : 'written';
  } catch (error) {
    if (!(error instanceof WizardCancelled)) throw error;
    prompts.outro(`Given up; ${home.configPath} is as it was.`);
    return 'cancelled';
  }
}

async function askWhetherToSkip(prompts: Prompts): Promise<boolean> {
  const choices = [
    { value: 'demo', label: 'Just start: the demo answers', hint: 'no AI, no key, works offline' },
    { value: 'setup', label: 'Set up a model and channels', hint: 'two minutes' },
  ] as const;
  return (await prompts.select('Nothing is configured yet.', choices, 'demo')) === 'demo';
}

/** The path of what was written; null: there was nothing to write. */
async function write(
  { home }: Pick<CommandContext, 'home'>,
  { model, telegram }: Answers,
): Promise<string | null> {
  const key = model?.secret ?? null;
  const apiKey = key === null ? null : await keepSecret(home, key);
  const token = telegram === null ? null : await keepSecret(home, telegram.secret);
  const edits = [
    ...(model === null ? [] : modelEdits(model, apiKey)),
    ...(token === null ? [] : telegramEdits(token)),
  ];
  if (edits.length === 0) return null;
  const edited = await home.edit(edits, variablesOf([key, telegram?.secret ?? null]));
  if (edited.ok) return edited.path;
  const lines = edited.problems.map(({ path, message, fix }) => `  ${path} ${message}. ${fix}`);
  throw new TiroError('bad-config', `config.yaml was not written:\n${lines.join('\n')}`);
}

/** Variables that shall be set at the next start count as set while the new config.yaml is checked. */
function variablesOf(secrets: readonly (NamedSecret | null)[]): Record<string, string> {
  const named = secrets.filter((secret) => secret !== null && secret.reference.keep === 'environment');
  return Object.fromEntries(named.map((secret) => [secret?.reference.name ?? '', secret?.value ?? '']));
}
