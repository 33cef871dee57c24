import type { Approval } from '#core/policy.ts';
import { exitCodes } from '../command.ts';
import type { ControlClient } from '../gateway/control-client.ts';
import type { Outcome } from './awaited.ts';
import type { Exchange } from './exchange.ts';

/** One answer as `--json` prints it. */
export interface Answer extends Outcome {
  /** What waits for a yes before this conversation goes on. */
  readonly approvals: readonly {
    readonly id: string;
    readonly tool: string;
    readonly arguments: string;
    readonly why: string;
  }[];
}

export async function answerOf(
  exchange: Exchange,
  message: { readonly conversation: string | null; readonly text: string },
): Promise<Answer> {
  const outcome = await exchange.say(message);
  const approvals =
    outcome.status === 'parked' ? await pendingOf(exchange.control, outcome.conversation) : [];
  return {
    ...outcome,
    approvals: approvals.map(({ id, plan, why }) => ({
      id,
      tool: plan.tool,
      arguments: plan.arguments,
      why,
    })),
  };
}

export async function pendingOf(control: ControlClient, conversation: string): Promise<readonly Approval[]> {
  const pending = await control.run('approvals.list', { status: 'pending', limit: 100 });
  return pending.filter((approval) => approval.conversation === conversation);
}

/** For scripts: 0 means that there is an answer. */
export function exitCodeOf(status: Outcome['status']): number {
  switch (status) {
    case 'done':
    case 'command':
      return exitCodes.done;
    case 'parked':
      return exitCodes.denied;
    case 'dead':
      return exitCodes.defect;
    case 'failed':
    case 'cancelled':
      return exitCodes.unavailable;
  }
}
