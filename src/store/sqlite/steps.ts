import type { ConversationId, TurnId } from '#core/ids.ts';
import type { Step, StepBody } from '#core/step.ts';
import type { StepsPort } from '#core/store/turns.ts';
import type { Session, Verbs } from './session.ts';

interface Row {
  readonly seq: number;
  readonly conversation: ConversationId;
  readonly turn: TurnId | null;
  readonly at: number;
  readonly body: string;
}

const columns = 'seq, conversation, turn, at, body';

/** What one step may take of the room: a huge result is folded before the model sees it. */
const mostOfOne = 10_000;
const pageSize = 256;

export function createSteps(session: Session): Verbs<StepsPort> {
  const many = (sql: string, params: Readonly<Record<string, string | number>>): readonly Step[] =>
    session.all<Row>(sql, params).map(toStep);

  return {
    ofConversation: (conversation) =>
      many(`SELECT ${columns} FROM steps WHERE conversation IN (@conversation) ORDER BY seq`, {
        conversation,
      }),
    latest: ({ conversation, chars, turn }) => {
      const owns = turn === null ? null : session.get<{ seq: number }>(firstOfTurn, { turn });
      return newest({ chars, least: owns?.seq ?? Number.MAX_SAFE_INTEGER }, (before) =>
        session.all<Row>(pageBefore, { conversation, before }),
      );
    },
    ofTurn: (turn) => many(`SELECT ${columns} FROM steps WHERE turn IN (@turn) ORDER BY seq`, { turn }),
    since: ({ seq, conversation, limit }) =>
      conversation === null
        ? many(`SELECT ${columns} FROM steps WHERE seq > @seq ORDER BY seq LIMIT @limit`, { seq, limit })
        : many(
            `SELECT ${columns} FROM steps WHERE conversation = @conversation AND seq > @seq
             ORDER BY seq LIMIT @limit`,
            { seq, conversation, limit },
          ),
    get: (seq) => many(`SELECT ${columns} FROM steps WHERE seq = @seq`, { seq })[0] ?? null,
    lastSeq: () => session.get<{ seq: number | null }>('SELECT max(seq) AS seq FROM steps')?.seq ?? 0,
  };
}

const firstOfTurn = 'SELECT seq FROM steps WHERE turn IN (@turn) ORDER BY seq LIMIT 1';
const pageBefore = `SELECT ${columns} FROM steps WHERE conversation IN (@conversation) AND seq < @before
  ORDER BY seq DESC LIMIT ${pageSize}`;

/** From the newest step back, page by page, until there are enough and `least` is among them. */
function newest(
  enough: { readonly chars: number; readonly least: number },
  pageOf: (before: number) => readonly Row[],
): { readonly steps: readonly Step[]; readonly complete: boolean } {
  const rows: Row[] = [];
  let chars = 0;
  for (let before = Number.MAX_SAFE_INTEGER; ; before = rows.at(-1)?.seq ?? 0) {
    const page = pageOf(before);
    for (const row of page) {
      if (chars >= enough.chars && row.seq < enough.least) return done(rows, false);
      rows.push(row);
      chars += Math.min(row.body.length, mostOfOne);
    }
    if (page.length < pageSize) return done(rows, true);
  }
}

function done(
  rows: readonly Row[],
  complete: boolean,
): { readonly steps: readonly Step[]; complete: boolean } {
  return { steps: rows.toReversed().map(toStep), complete };
}

export interface NewStep {
  readonly conversation: ConversationId;
  readonly turn: TurnId | null;
  readonly at: number;
  readonly body: StepBody;
  /** A second step with the same key is a constraint error; null where nothing repeats. */
  readonly key: string | null;
}

/** Appends one step and tells of it after the commit. */
export function insertStep(session: Session, step: NewStep): Step {
  const { conversation, turn, at, body, key } = step;
  const seq = session.insert(
    'INSERT INTO steps (conversation, turn, at, body, key) VALUES (@conversation, @turn, @at, @body, @key)',
    { conversation, turn, at, body: JSON.stringify(body), key },
  );
  const stored: Step = { seq, conversation, turn, at, body };
  session.note.steps.push(stored);
  return stored;
}

function toStep(row: Row): Step {
  // A body was parsed by its schema before it was stored, and steps never change.
  const body: StepBody = JSON.parse(row.body);
  return { seq: row.seq, conversation: row.conversation, turn: row.turn, at: row.at, body };
}
