import type { ConversationId, SpendId, TurnId } from '#core/ids.ts';
import type { NewSpend, Reservation, SpendLimit, SpendRow, SpendSettlement } from '#core/spend.ts';
import type { SpendPort } from '#core/store/spend.ts';
import { type Session, type Verbs, flag } from './session.ts';

interface Row {
  readonly id: SpendId;
  readonly turn: TurnId | null;
  readonly conversation: ConversationId | null;
  readonly model: string;
  readonly reserved_usd: number;
  readonly cost_usd: number | null;
  readonly prompt_tokens: number | null;
  readonly cached_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly at: number;
  readonly settled_at: number | null;
}

type SpendOfTurn = Awaited<ReturnType<SpendPort['ofTurn']>>[number];

/** What is spent, and where that is not known yet, what is reserved. */
const usedByScope: Readonly<Record<SpendLimit['scope'], string>> = {
  turn: 'SELECT sum(coalesce(cost_usd, reserved_usd)) AS used FROM spend WHERE turn = @turn AND at >= @since',
  'person-day':
    'SELECT sum(coalesce(cost_usd, reserved_usd)) AS used FROM spend WHERE person = @person AND at >= @since',
};

/** Sums of decimal cents in binary fractions may be off by this much; it is no overspending. */
const roundingUsd = 1e-9;

export function createSpend(session: Session): Verbs<SpendPort> {
  return {
    reserve: ({ spend, limits, at }) => {
      const refused = overLimit(session, spend, limits);
      if (refused !== null) return refused;
      session.run(
        `INSERT INTO spend (id, turn, conversation, person, purpose, model, reserved_usd, priced, epoch, at)
         VALUES (@id, @turn, @conversation, @person, @purpose, @model, @reservedUsd, @priced, @epoch, @at)
         ON CONFLICT (id) DO NOTHING`,
        { ...spend, priced: flag(spend.priced), epoch: session.epoch, at },
      );
      return { ok: true };
    },
    settle: (input) => settleSpend(session, input, input.at),
    settleOrphans: (at) =>
      session.run(
        `UPDATE spend SET cost_usd = reserved_usd, settled_at = @at WHERE settled_at IS NULL AND epoch < @epoch`,
        { at, epoch: session.epoch },
      ),
    byDay: (input) =>
      session.all<SpendRow>(
        `SELECT strftime('%Y-%m-%d', at / 1000, 'unixepoch') AS day, person, model, count(*) AS calls,
           total(prompt_tokens) AS promptTokens, total(cached_tokens) AS cachedTokens,
           total(completion_tokens) AS completionTokens, total(coalesce(cost_usd, reserved_usd)) AS costUsd,
           sum(priced = 0) AS unpricedCalls
         FROM spend WHERE at >= @since AND (@person IS NULL OR person = @person)
         GROUP BY day, person, model ORDER BY day DESC, person, model`,
        input,
      ),
    ofTurn: (turn) =>
      session.all<Row>('SELECT * FROM spend WHERE turn = @turn ORDER BY seq', { turn }).map(toSpend),
  };
}

/** A call that costs nothing is never over a limit. */
function overLimit(
  session: Session,
  spend: NewSpend,
  limits: readonly SpendLimit[],
): Exclude<Reservation, { ok: true }> | null {
  if (spend.reservedUsd === 0) return null;
  if (session.get('SELECT 1 FROM spend WHERE id = @id', { id: spend.id }) !== null) return null;
  for (const { scope, limitUsd, since } of limits) {
    const row = session.get<{ used: number | null }>(usedByScope[scope], {
      turn: spend.turn,
      person: spend.person,
      since,
    });
    const usedUsd = row?.used ?? 0;
    if (usedUsd + spend.reservedUsd > limitUsd + roundingUsd) return { ok: false, scope, limitUsd, usedUsd };
  }
  return null;
}

/** Repeating it changes nothing: the first settlement stands. */
export function settleSpend(session: Session, settlement: SpendSettlement, at: number): void {
  const { id, model, costUsd, usage } = settlement;
  session.run(
    `UPDATE spend SET model = @model, cost_usd = @costUsd, prompt_tokens = @prompt, cached_tokens = @cached,
       completion_tokens = @completion, settled_at = @at
     WHERE id = @id AND settled_at IS NULL`,
    {
      id,
      model,
      costUsd,
      prompt: usage?.promptTokens ?? null,
      cached: usage?.cachedTokens ?? null,
      completion: usage?.completionTokens ?? null,
      at,
    },
  );
}

function toSpend(row: Row): SpendOfTurn {
  const {
    prompt_tokens: promptTokens,
    cached_tokens: cachedTokens,
    completion_tokens: completionTokens,
  } = row;
  const known = promptTokens !== null && cachedTokens !== null && completionTokens !== null;
  return {
    id: row.id,
    model: row.model,
    costUsd: row.cost_usd,
    reservedUsd: row.reserved_usd,
    usage: known ? { promptTokens, cachedTokens, completionTokens } : null,
    at: row.at,
    settledAt: row.settled_at,
  };
}
