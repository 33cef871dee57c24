import type { Database, Statement } from 'better-sqlite3';
import type { ConversationId, TurnId } from '#core/ids.ts';
import type { CommitNote } from '#core/store/store.ts';
import type { Step } from '#core/step.ts';

/** What a bound value may be; flags are bound as 0 or 1. */
export type Params = Readonly<Record<string, string | number | null>>;

/** A port of core as it looks inside the store's thread: the same verbs, without promises. */
export type Verbs<P> = {
  readonly [V in keyof P]: P[V] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;
};

/** Queues that gained work. */
export type Wake = CommitNote['wake'][number];

/** What one write made true; told to listeners only when it was committed. */
export interface NoteDraft {
  readonly steps: Step[];
  readonly queued: Set<ConversationId>;
  readonly wake: Set<Wake>;
  readonly turns: Set<TurnId>;
}

export function emptyNote(): NoteDraft {
  return { steps: [], queued: new Set(), wake: new Set(), turns: new Set() };
}

/**
 * The one connection that writes, as the tables see it. Each statement is prepared once, when it is first used. But this
 * build of SQLite plans `x = @x … ORDER BY y` and `LIMIT @n` again at every run, to look at the value; `x IN (@x)` and
 * `LIMIT @n + 0` are planned once, with the same plan, and run ten times as fast: statements of every turn are written so.
 */
export interface Session {
  readonly epoch: number;
  /** The draft of the write that runs now. */
  note: NoteDraft;
  /** Returns how many rows changed. */
  run(sql: string, params?: Params): number;
  /** Runs an insert and returns the new row's `seq`. */
  insert(sql: string, params: Params): number;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says what its statement selects, which no type can be read from; nothing checks it but the contract suite
  get<Row>(sql: string, params?: Params): Row | null;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as above
  all<Row>(sql: string, params?: Params): readonly Row[];
}

export function createSession(db: Database, epoch: number): Session {
  const statements = new Map<string, Statement<[Params]>>();
  const noParams: Params = {};

  return {
    epoch,
    note: emptyNote(),
    run: (sql, params) => prepared(sql).run(params ?? noParams).changes,
    insert: (sql, params) => Number(prepared(sql).run(params).lastInsertRowid),
    get: (sql, params) => {
      const row = prepared(sql).get(params ?? noParams);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see `get`: the caller's word for the columns
      return row === undefined ? null : (row as never);
    },
    all: (sql, params) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      return prepared(sql).all(params ?? noParams) as never[];
    },
  };

  function prepared(sql: string): Statement<[Params]> {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const fresh = db.prepare<[Params]>(sql);
    statements.set(sql, fresh);
    return fresh;
  }
}

export const flag = (value: boolean): 0 | 1 => (value ? 1 : 0);
