import type { Command } from 'commander';
import type { Step } from '#core/step.ts';
import { addCommand, addGroup, argument, type Bind, type CommandContext, countUpTo } from '../../command.ts';
import { formatAge, formatTime } from '../../output/format.ts';
import { describeStep } from '../../output/steps.ts';

/** `tiro conversations [list|show ID]` */
export function register(program: Command, bind: Bind): void {
  const group = addGroup(program, {
    name: 'conversations',
    summary: 'what was said',
    examples: [
      ['conversations', 'the latest ones'],
      ['conversations show cnv_01J…', 'all steps of one'],
      ['conversations show cnv_01J… --json', 'the same for a program'],
    ],
  });
  addCommand(group, { name: 'list', summary: 'the latest conversations', examples: [] }, { isDefault: true })
    .option('--limit <n>', 'at most so many', countUpTo(1_000), 20)
    .action(bind(list));
  addCommand(group, {
    name: 'show',
    summary: 'all steps of a conversation',
    examples: [['conversations show cnv_01J…', 'what was said and done in it']],
  })
    .argument('<id>')
    .action(bind((context, args) => show(context, argument(args, 0))));
}

async function list(
  context: CommandContext,
  _args: readonly string[],
  { limit }: { readonly limit: number },
): Promise<number> {
  const { print, json, deps } = context;
  const found = await context.withControl((client) => client.run('conversations.list', { limit }));
  if (json) print.json(found);
  else {
    const rows = found.map((conversation) => [
      conversation.id,
      conversation.open ? 'open' : 'closed',
      formatAge(conversation.lastAt, deps.clock.now()),
      conversation.chat,
      conversation.person,
      conversation.title,
    ]);
    print.table(['ID', 'STATE', 'LAST', 'CHAT', 'PERSON', 'TITLE'], rows);
  }
  return 0;
}

async function show(context: CommandContext, id: string): Promise<number> {
  const { print, json } = context;
  const found = await context.withControl((client) => client.run('conversations.show', { id }));
  if (json) {
    print.json(found);
    return 0;
  }
  const { conversation } = found;
  print.fields([
    ['id', conversation.id],
    ['chat', conversation.chat],
    ['person', conversation.person],
    ['begun', formatTime(conversation.createdAt)],
  ]);
  for (const step of found.steps) printStep(context, step);
  return 0;
}

function printStep({ print }: CommandContext, step: Step): void {
  const { who, text } = describeStep(step.body);
  if (text === '') return;
  print.line('');
  print.line(`${print.paint('strong', who)} ${print.paint('dim', `${formatTime(step.at)} #${step.seq}`)}`);
  print.line(text);
}
