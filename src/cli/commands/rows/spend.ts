import type { Command } from 'commander';
import { addCommand, type Bind, type CommandContext, countUpTo } from '../../command.ts';
import { formatUsd } from '../../output/format.ts';

/** `tiro spend [--days N]` */
export function register(program: Command, bind: Bind): void {
  addCommand(program, {
    name: 'spend',
    summary: 'what it cost, by day, person and model',
    examples: [
      ['spend', 'the last 7 days'],
      ['spend --days 30 --json', 'the last 30, for a program'],
    ],
  })
    .option('--days <n>', 'so many days, today included', countUpTo(3_660), 7)
    .action(bind(spend));
}

async function spend(
  context: CommandContext,
  _args: readonly string[],
  { days }: { readonly days: number },
): Promise<number> {
  const { print, json } = context;
  const found = await context.withControl((client) => client.run('spend', { days }));
  if (json) {
    print.json(found);
    return 0;
  }
  const rows = found.map((row) => [
    row.day,
    row.person,
    row.model,
    String(row.calls),
    String(row.promptTokens),
    String(row.cachedTokens),
    String(row.completionTokens),
    row.unpricedCalls > 0
      ? `${formatUsd(row.costUsd)} + ${row.unpricedCalls} without a price`
      : formatUsd(row.costUsd),
  ]);
  print.table(['DAY', 'PERSON', 'MODEL', 'CALLS', 'PROMPT', 'CACHED', 'ANSWER', 'COST'], rows);
  const total = found.reduce((sum, row) => sum + row.costUsd, 0);
  if (context.deps.terminal.output) print.line(print.paint('strong', `${formatUsd(total)} in ${days} days`));
  return 0;
}
