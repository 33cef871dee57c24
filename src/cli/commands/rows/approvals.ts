import type { Command } from 'commander';
import type { Approval, ApprovalStatus } from '#core/policy.ts';
import {
  addCommand,
  addGroup,
  argument,
  type Bind,
  type CommandContext,
  countUpTo,
  oneOf,
} from '../../command.ts';
import { formatAge } from '../../output/format.ts';

const statuses: readonly ApprovalStatus[] = ['pending', 'approved', 'denied', 'expired', 'void'];

interface ListOptions {
  readonly status?: ApprovalStatus;
  readonly all?: boolean;
  readonly limit: number;
}

/** `tiro approvals [list|approve ID|deny ID]` */
export function register(program: Command, bind: Bind): void {
  const group = addGroup(program, {
    name: 'approvals',
    summary: 'what waits for a yes',
    examples: [
      ['approvals', 'what waits now'],
      ['approvals approve 7F3K', 'let exactly this call run, once'],
      ['approvals deny 7F3K --reason "wrong file"', 'refuse it; the model is told why'],
    ],
  });
  addCommand(group, { name: 'list', summary: 'what waits for a yes', examples: [] }, { isDefault: true })
    .option('--status <status>', `one of ${statuses.join(', ')}`, oneOf(statuses))
    .option('--all', 'the decided ones too')
    .option('--limit <n>', 'at most so many', countUpTo(1_000), 50)
    .action(bind(list));
  addCommand(group, {
    name: 'approve',
    summary: 'let exactly this call run, once',
    examples: [['approvals approve 7F3K', 'let it run']],
  })
    .argument('<id>')
    .action(
      bind((context, args) => decide(context, { id: argument(args, 0), decision: 'once', reason: null })),
    );
  addCommand(group, {
    name: 'deny',
    summary: 'refuse a call',
    examples: [['approvals deny 7F3K --reason "wrong file"', 'refuse it and say why']],
  })
    .argument('<id>')
    .option('--reason <text>', 'what the model is told')
    .action(
      bind<{ reason?: string }>((context, args, { reason = null }) =>
        decide(context, { id: argument(args, 0), decision: 'deny', reason }),
      ),
    );
}

async function list(
  context: CommandContext,
  _args: readonly string[],
  options: ListOptions,
): Promise<number> {
  const { print, json, deps } = context;
  const status = options.all === true ? null : (options.status ?? 'pending');
  const approvals = await context.withControl((client) =>
    client.run('approvals.list', { status, limit: options.limit }),
  );
  if (json) print.json(approvals);
  else {
    const rows = approvals.map(({ id, status, person, plan, why, createdAt }) => [
      id,
      status,
      formatAge(createdAt, deps.clock.now()),
      person,
      `${plan.tool} ${plan.arguments}`,
      why,
    ]);
    print.table(['ID', 'STATUS', 'ASKED', 'FOR', 'CALL', 'WHY'], rows);
  }
  return 0;
}

async function decide(
  context: CommandContext,
  input: { readonly id: string; readonly decision: 'once' | 'deny'; readonly reason: string | null },
): Promise<number> {
  const id = input.id.toUpperCase();
  const approval = await context.withControl((client) => client.run('approvals.decide', { ...input, id }));
  if (context.json) context.print.json(approval);
  else context.print.line(`${approval.id} is ${wordFor(approval)}: ${approval.plan.tool}`);
  return 0;
}

function wordFor(approval: Approval): string {
  return approval.status === 'approved' ? 'approved and runs once' : approval.status;
}
