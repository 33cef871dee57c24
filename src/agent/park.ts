import type { Button } from '#core/delivery.ts';
import type { Approval } from '#core/policy.ts';
import type { Moment } from './call-model.ts';
import { commit } from './commit.ts';
import type { Reply } from './next-action.ts';
import { approvalText } from './wording.ts';

/**
 * The turn ends at its asks: the chat is free again, and each decision starts a turn of its own that begins by running
 * the stored plan.
 */
export async function parkTurn(moment: Moment, reply: Reply): Promise<void> {
  const { deps, run } = moment;
  const pending = await deps.approvals.list({ status: 'pending', chat: run.turn.chat, limit: 1_000 });
  const asked = pending.filter((approval) => approval.turn === run.turn.id);
  const text = [reply.text, ...asked.map(approvalText)].filter((part) => part.trim() !== '').join('\n\n');
  const editOf = await deps.preview.finish(run.turn);
  const buttons = asked.length === 1 ? asked.flatMap(buttonsFor) : [];
  await commit(moment, {
    steps: [{ kind: 'notice', text }],
    deliveries: deps.compose.say({
      chat: run.turn.chat,
      markdown: text,
      key: `final:${run.turn.id}`,
      replyTo: null,
      buttons,
      editOf,
    }),
    seal: true,
    end: { status: 'parked', reason: `waits for ${asked.map((approval) => approval.id).join(', ')}` },
  });
  deps.live.clear(run.turn.id);
}

function buttonsFor(approval: Approval): readonly Button[] {
  return [
    { label: 'Approve', value: `/approve ${approval.id}` },
    { label: 'Deny', value: `/deny ${approval.id}` },
  ];
}
