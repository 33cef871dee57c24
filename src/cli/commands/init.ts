import type { Command } from 'commander';
import { TiroError } from '#core/errors.ts';
import { addCommand, type Bind, type CommandContext, exitCodes } from '../command.ts';
import { sentence } from './config.ts';

/** `tiro init`: the first-run wizard. */
export function register(program: Command, bind: Bind): void {
  addCommand(program, {
    name: 'init',
    summary: 'set up model and channels, question by question; can be run again',
    examples: [['init', 'asks, tries each answer, and writes config.yaml']],
  }).action(bind(init));
}

async function init(context: CommandContext): Promise<number> {
  const { deps, home, json, print } = context;
  if (!deps.terminal.input || !deps.terminal.output || json) {
    throw new TiroError(
      'unavailable',
      `tiro init asks questions and needs a terminal. Without one, write ${home.configPath} (docs/configuration.md), or set OPENAI_API_KEY or OPENAI_BASE_URL.`,
    );
  }
  await refuseBroken(context);
  const { runWizard } = await import('../wizard/wizard.ts');
  const outcome = await runWizard(context, { skippable: false });
  if (outcome === 'written' && (await home.gateway()) !== null) {
    print.line(
      'The running gateway takes models, people and budget over by itself; for a new channel start it again.',
    );
  }
  return exitCodes.done;
}

/** What the wizard will not replace must be good, or nothing could be written in the end. */
async function refuseBroken({ home }: CommandContext): Promise<void> {
  const checked = await home.check();
  if (checked.ok) return;
  const others = checked.problems.filter(({ path }) => !/^(model|channels)\b/.test(path));
  if (others.length === 0) return;
  const lines = others.map((problem) => `  ${sentence(problem, home.configPath)}`);
  throw new TiroError('bad-config', `mend the configuration first.\n${lines.join('\n')}`);
}
