import type { Button } from '#core/delivery.ts';
import type { Approval } from '#core/policy.ts';
import { type Moment, commit } from './moment.ts';
import type { Reply } from './next-action.ts';
import { approvalText } from './wording.ts';

const mostAsks = 1_000;

/**
 * The turn ends at its asks: the chat is free again, and each decision starts a turn of its own that begins by running
 * the stored plan. An ask that was decided in the meantime is not shown any more.
 */
export async function parkTurn(moment: Moment, reply: Reply): Promise<void> {
  const { deps, run } = moment;
  const pending = await deps.approvals.list({ status: 'pending', chat: run.turn.chat, limit: mostAsks });
  const asked = inOrderOfCalls(
    pending.filter((approval) => approval.turn === run.turn.id),
    reply,
  );
  const asks = asked.map(approvalText).join('\n\n');
  // Pages show the reply's own words from its step.
  const text = [reply.text, asks].filter((part) => part.trim() !== '').join('\n\n');
  const editOf = await deps.preview.finish(run.turn);
  const buttons = asked.length === 1 ? asked.flatMap(buttonsFor) : [];
  await commit(moment, {
    steps: asks === '' ? [] : [{ kind: 'notice', text: asks }],
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

function inOrderOfCalls(asked: readonly Approval[], reply: Reply): readonly Approval[] {
  const place = (approval: Approval): number =>
    reply.toolCalls.findIndex((call) => call.id === approval.callId);
  return [...asked].sort((a, b) => place(a) - place(b));
}

function buttonsFor(approval: Approval): readonly Button[] {
  return [
    { label: 'Approve', value: `/approve ${approval.id}` },
    { label: 'Deny', value: `/deny ${approval.id}` },
  ];
}
