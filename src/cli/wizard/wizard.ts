import { TiroError } from '#core/errors.ts';
import type { CommandContext } from '../command.ts';
import { askModel } from './model.ts';
import { askChannel, type ChannelAnswer } from './channel/ask.ts';
import { channelPlatforms } from './channel/index.ts';
import { channelEdits } from './channel/write.ts';
import { type Answers, assumedVariables, modelEdits, nextSteps } from './plan.ts';
import { createPrompts, type Prompts, WizardCancelled } from './prompts.ts';
import { keepSecret } from './secret.ts';

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
    const answers = { model, channels: await askChannels(context, prompts) };
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

const nothingGiven = { apiRoot: null, mode: null, given: {} } as const;

/** One channel after the other, until there is enough. */
async function askChannels(
  { deps, home }: Pick<CommandContext, 'deps' | 'home'>,
  prompts: Prompts,
): Promise<readonly ChannelAnswer[]> {
  const answers: ChannelAnswer[] = [];
  for (;;) {
    const left = channelPlatforms.filter(
      ({ name }) => !answers.some(({ platform }) => platform.name === name),
    );
    if (left.length === 0) return answers;
    const choices = [
      { value: 'none', label: answers.length === 0 ? 'Only here and in the browser' : 'That is enough' },
      ...left.map(({ name, title }) => ({ value: name, label: title })),
    ];
    const where = answers.length === 0 ? 'Where shall Tiro answer?' : 'And where else?';
    const chosen = await prompts.select(where, choices, 'none');
    const platform = left.find(({ name }) => name === chosen);
    if (platform === undefined) return answers;
    const beside = answers.map((given) => given.platform.name);
    const answer = await askChannel(deps, prompts, { platform, ...nothingGiven, home, beside });
    if (answer !== null) answers.push(answer);
  }
}

/** The path of what was written; null: there was nothing to write. */
async function write({ home }: Pick<CommandContext, 'home'>, answers: Answers): Promise<string | null> {
  const { model, channels } = answers;
  const key = model?.secret ?? null;
  const apiKey = key === null ? null : await keepSecret(home, key);
  const edits = model === null ? [] : [...modelEdits(model, apiKey)];
  for (const channel of channels) edits.push(...(await channelEdits(home, channel)));
  if (edits.length === 0) return null;
  const edited = await home.edit(edits, assumedVariables(answers));
  if (edited.ok) return edited.path;
  const lines = edited.problems.map(({ path, message, fix }) => `  ${path} ${message}. ${fix}`);
  throw new TiroError('bad-config', `config.yaml was not written:\n${lines.join('\n')}`);
}
