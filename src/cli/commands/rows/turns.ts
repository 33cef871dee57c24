import type { Command } from 'commander';
import type { TurnStatus } from '#core/turn.ts';
import type { TurnReport } from '#control/surface.ts';
import {
  addCommand,
  addGroup,
  argument,
  type Bind,
  type CommandContext,
  countUpTo,
  oneOf,
} from '../../command.ts';
import { formatAge, formatTime, formatUsd } from '../../output/format.ts';
import { describeStep } from '../../output/steps.ts';
import { oneLine } from '../../output/text.ts';

const statuses: readonly TurnStatus[] = ['running', 'parked', 'done', 'failed', 'cancelled', 'dead'];

interface ListOptions {
  readonly status?: TurnStatus;
  readonly conversation?: string;
  readonly limit: number;
}

/** `tiro turns [list|show ID|why ID|cancel ID|redrive ID]` */
export function register(program: Command, bind: Bind): void {
  const group = addGroup(program, {
    name: 'turns',
    summary: 'what was done, and why',
    examples: [
      ['turns --status failed', 'the turns that failed'],
      ['turns why trn_01J…', 'what happened, in sentences, and what can be done'],
      ['turns redrive trn_01J…', 'try a dead or failed one again'],
    ],
  });
  addCommand(group, { name: 'list', summary: 'the latest turns', examples: [] }, { isDefault: true })
    .option('--status <status>', `one of ${statuses.join(', ')}`, oneOf(statuses))
    .option('--conversation <id>', 'of this conversation only')
    .option('--limit <n>', 'at most so many', countUpTo(1_000), 20)
    .action(bind(list));
  const verbs = [
    ['show', 'the rows of a turn: events, steps, spend, deliveries', show],
    ['why', 'what happened to a turn, in sentences, and what can be done', why],
    ['cancel', 'stop a running turn', cancel],
    ['redrive', 'put the messages of a dead or failed turn into the queue again', redrive],
  ] as const;
  for (const [name, summary, action] of verbs) {
    addCommand(group, { name, summary, examples: [[`turns ${name} trn_01J…`, summary]] })
      .argument('<id>')
      .action(bind((context, args) => action(context, argument(args, 0))));
  }
}

async function list(
  context: CommandContext,
  _args: readonly string[],
  options: ListOptions,
): Promise<number> {
  const { print, json, deps } = context;
  const { status = null, conversation = null, limit } = options;
  const turns = await context.withControl((client) =>
    client.run('turns.list', { status, conversation, limit }),
  );
  if (json) print.json(turns);
  else {
    const rows = turns.map((turn) => [
      turn.id,
      turn.status,
      formatAge(turn.startedAt, deps.clock.now()),
      turn.endedAt === null ? '-' : `${((turn.endedAt - turn.startedAt) / 1_000).toFixed(1)} s`,
      turn.chat,
      turn.reason ?? '',
    ]);
    print.table(['ID', 'STATUS', 'BEGUN', 'TOOK', 'CHAT', 'REASON'], rows);
  }
  return 0;
}

async function show(context: CommandContext, id: string): Promise<number> {
  const report = await context.withControl((client) => client.run('turns.show', { id }));
  if (context.json) context.print.json(report);
  else printReport(context, report);
  return 0;
}

function printReport({ print }: CommandContext, report: TurnReport): void {
  const { turn } = report;
  print.fields([
    ['id', turn.id],
    ['status', turn.reason === null ? turn.status : `${turn.status}: ${oneLine(turn.reason)}`],
    ['conversation', turn.conversation],
    ['chat', turn.chat],
    ['person', `${turn.person} (${turn.role})`],
    ['begun', formatTime(turn.startedAt)],
    ['attempts', String(turn.attempts)],
  ]);
  print.line('');
  const steps = report.steps.map(({ seq, at, body }) => {
    const { who, text } = describeStep(body);
    return [`#${seq}`, formatTime(at), body.kind, who, text];
  });
  print.table(['STEP', 'AT', 'KIND', 'WHO', 'WHAT'], steps);
  print.line('');
  const spend = report.spend.map((row) => [
    row.model,
    row.costUsd === null ? 'open' : formatUsd(row.costUsd),
    String(row.promptTokens),
    String(row.cachedTokens),
    String(row.completionTokens),
  ]);
  print.table(['MODEL', 'COST', 'PROMPT', 'CACHED', 'ANSWER'], spend);
  print.line('');
  const deliveries = report.deliveries.map((row) => [row.id, row.status, row.body.kind, row.reason ?? '']);
  print.table(['DELIVERY', 'STATUS', 'KIND', 'REASON'], deliveries);
}

async function why(context: CommandContext, id: string): Promise<number> {
  const answer = await context.withControl((client) => client.run('turns.why', { id }));
  if (context.json) context.print.json(answer);
  else for (const line of answer.lines) context.print.line(oneLine(line));
  return 0;
}

async function cancel(context: CommandContext, id: string): Promise<number> {
  const answer = await context.withControl((client) => client.run('turns.cancel', { id }));
  if (context.json) context.print.json(answer);
  else
    context.print.line(
      answer.cancelled ? `${id} is cancelled.` : `${id} was not running: nothing to cancel.`,
    );
  return 0;
}

async function redrive(context: CommandContext, id: string): Promise<number> {
  const answer = await context.withControl((client) => client.run('turns.redrive', { id }));
  if (context.json) context.print.json(answer);
  else {
    context.print.line(
      answer.redriven
        ? `The messages of ${id} are in the queue again.`
        : `${id} is neither dead nor failed: nothing to try again.`,
    );
  }
  return 0;
}
