import type { Database } from 'better-sqlite3';
import { toStoreError } from '../opening/sqlite-errors.ts';
import { type Answer, type Group, type Request, modes, toPlainError } from '../protocol.ts';
import { createTables } from '../sqlite/index.ts';
import { createSession } from '../sqlite/session.ts';
import { type Committed, createGroupCommit } from './batch.ts';

type Call = Extract<Request, { type: 'call' }>;

export interface Calls {
  /** Each kind in the order of arrival. */
  sort(requests: readonly Request[]): { readonly writes: readonly Call[]; readonly reads: readonly Call[] };
  /** All writes as one group commit. */
  commit(writes: readonly Call[]): Committed;
  read(call: Call): Answer;
  /** A group commit that changes nothing and is written all the same. */
  probe(): Committed;
}

/** Finds the verb that a request names. */
export function createCalls(db: Database, epoch: number): Calls {
  const session = createSession(db, epoch);
  const tables = createTables(session);
  const commitGroup = createGroupCommit(db, session);
  // Writing what is there already would not be written at all.
  const put = db.prepare(`INSERT INTO state (scope, key, value) VALUES ('store', 'probe', '')`);
  const take = db.prepare(`DELETE FROM state WHERE scope = 'store' AND key = 'probe'`);

  return {
    sort: (requests) => {
      const calls = requests.filter((request) => request.type === 'call');
      return { writes: calls.filter(isWrite), reads: calls.filter((call) => !isWrite(call)) };
    },
    commit: (writes) => commitGroup(writes.map((call) => ({ id: call.id, run: () => run(call) }))),
    probe: () =>
      commitGroup([
        { id: 0, run: () => put.run() },
        { id: 1, run: () => take.run() },
      ]),
    read: (call) => {
      try {
        return { id: call.id, ok: true, value: run(call) };
      } catch (error) {
        return { id: call.id, ok: false, error: toPlainError(toStoreError(error, db.name)) };
      }
    },
  };

  function run(call: Call): unknown {
    return verbOf(tables[call.group], call.verb)(...call.args);
  }
}

function verbOf(table: object, verb: string): (...args: readonly unknown[]) => unknown {
  const found: unknown = Reflect.get(table, verb);
  if (typeof found !== 'function') throw new Error(`The store has no verb ${verb}.`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a lookup by name knows no shape; the client names verbs of `modes`, which the ports check, but their arguments are trusted across the thread
  return found as (...args: readonly unknown[]) => unknown;
}

function isWrite(call: Call): boolean {
  const verbs: Readonly<Record<string, 'read' | 'write'>> = modes[call.group satisfies Group];
  return verbs[call.verb] === 'write';
}
