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
    set: ({ scope, key, value }) => {
      if (value === null) {
        session.run('DELETE FROM state WHERE scope = @scope AND key = @key', { scope, key });
        return;
      }
      session.run(
        `INSERT INTO state (scope, key, value) VALUES (@scope, @key, @value)
         ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value`,
        { scope, key, value },
      );
    },
  };
}
