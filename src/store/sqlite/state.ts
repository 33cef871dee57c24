import type { StatePort } from '#core/store/state.ts';
import type { Session, Verbs } from './session.ts';

export function createState(session: Session): Verbs<StatePort> {
  return {
    get: (input) => {
      const row = session.get<{ value: string }>(
        'SELECT value FROM state WHERE scope = @scope AND key = @key',
        input,
      );
      return row?.value ?? null;
    },
    set: ({ scope, key, value }) => setOne(session, { scope, key, value }),
    setAll: ({ scope, entries }) => {
      for (const [key, value] of Object.entries(entries)) setOne(session, { scope, key, value });
    },
    list: ({ scope, prefix }) => {
      const rows = session.all<{ key: string; value: string }>(
        `SELECT key, value FROM state
         WHERE scope = @scope AND key >= @prefix AND key < @prefix || char(0x10FFFF) ORDER BY key`,
        { scope, prefix },
      );
      return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
    },
  };
}

function setOne(session: Session, row: Parameters<StatePort['set']>[0]): void {
  const { scope, key, value } = row;
  if (value === null) {
    session.run('DELETE FROM state WHERE scope = @scope AND key = @key', { scope, key });
    return;
  }
  session.run(
    `INSERT INTO state (scope, key, value) VALUES (@scope, @key, @value)
     ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value`,
    { scope, key, value },
  );
}
