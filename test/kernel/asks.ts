import type { ApprovalId } from '#core/ids.ts';
import type { Turn } from '#core/turn.ts';
import type { TestGround } from './ground.ts';

/** What waits is taken by a turn that asks for one call and parks. */
export async function parkTurn(
  { store, clock, ids }: TestGround,
  id: ApprovalId,
  tool = 'run',
): Promise<Turn> {
  const limits = { maxRunning: 99, maxPerPerson: 99, maxEvents: 20, maxChars: 9_999, staleBefore: null };
  const claim = await store.turns.claim({ turn: ids.turn(), now: clock.now(), ...limits });
  if (claim.type !== 'turn') throw new Error('There is nothing to claim.');
  const plan = { tool, arguments: '{"command":"ls"}', hash: `hash-${id}` };
  const expiresAt = clock.now() + 30 * 60_000;
  await store.turns.append({
    turn: claim.turn.id,
    at: clock.now(),
    steps: [],
    deliveries: [],
    settle: null,
    approvals: [{ id, callId: `call-${id}`, plan, why: 'it acts', expiresAt }],
    seal: true,
    end: { status: 'parked', reason: `waits for ${id}` },
  });
  return claim.turn;
}
