import type { Command } from 'commander';
import type { Delivery, DeliveryStatus } from '#core/delivery.ts';
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

const statuses: readonly DeliveryStatus[] = ['queued', 'sending', 'sent', 'dead', 'cancelled'];

interface ListOptions {
  readonly status?: DeliveryStatus;
  readonly limit: number;
}

/** `tiro outbox [list|redrive ID]` */
export function register(program: Command, bind: Bind): void {
  const group = addGroup(program, {
    name: 'outbox',
    summary: 'what is being delivered',
    examples: [
      ['outbox', 'the latest deliveries'],
      ['outbox --status dead', 'what could not be delivered, and why'],
      ['outbox redrive dlv_01J…', 'try one of them again'],
    ],
  });
  addCommand(group, { name: 'list', summary: 'the latest deliveries', examples: [] }, { isDefault: true })
    .option('--status <status>', `one of ${statuses.join(', ')}`, oneOf(statuses))
    .option('--limit <n>', 'at most so many', countUpTo(1_000), 20)
    .action(bind(list));
  addCommand(group, {
    name: 'redrive',
    summary: 'try a dead delivery again',
    examples: [['outbox redrive dlv_01J…', 'into the queue again']],
  })
    .argument('<id>')
    .action(bind((context, args) => redrive(context, argument(args, 0))));
}

async function list(
  context: CommandContext,
  _args: readonly string[],
  options: ListOptions,
): Promise<number> {
  const { print, json, deps } = context;
  const { status = null, limit } = options;
  const found = await context.withControl((client) => client.run('outbox.list', { status, limit }));
  if (json) print.json(found);
  else {
    const rows = found.map((delivery) => [
      delivery.id,
      delivery.repeated ? `${delivery.status}, repeated` : delivery.status,
      formatAge(delivery.createdAt, deps.clock.now()),
      delivery.chat,
      contentOf(delivery),
      delivery.reason ?? '',
    ]);
    print.table(['ID', 'STATUS', 'MADE', 'CHAT', 'WHAT', 'REASON'], rows);
  }
  return 0;
}

function contentOf({ body }: Delivery): string {
  if (body.kind === 'message' || body.kind === 'edit') return `${body.kind}: ${body.markdown}`;
  if (body.kind === 'file') return `file: ${body.name}`;
  return body.kind === 'reaction' ? `reaction: ${body.emoji}` : 'delete';
}

async function redrive(context: CommandContext, id: string): Promise<number> {
  const answer = await context.withControl((client) => client.run('outbox.redrive', { id }));
  if (context.json) context.print.json(answer);
  else
    context.print.line(
      answer.redriven ? `${id} is in the queue again.` : `${id} is not dead: nothing to try again.`,
    );
  return 0;
}
