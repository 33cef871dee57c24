import type { KnownIdentity } from '#core/person.ts';
import type { PeoplePort } from '#core/store/people.ts';
import type { Session, Verbs } from '../session.ts';
import { joinPersons } from './join.ts';
import { type PairingRow, insertPairing, pairingsAt, refusePairing, toPairing } from './pairings.ts';
import { removeIdentity } from './remove.ts';

type Pair = Parameters<PeoplePort['pair']>[0];
type Paired = Awaited<ReturnType<PeoplePort['pair']>>;

export function createPeople(session: Session): Verbs<PeoplePort> {
  return {
    identities: () => session.all<KnownIdentity>('SELECT * FROM identities ORDER BY since, identity'),
    pair: (input) => pair(session, input),
    pairings: (now) => pairingsAt(session, now),
    addPairing: (pairing) => insertPairing(session, pairing),
    refuse: (input) => refusePairing(session, input),
    setLocale: ({ handle, timezone, language }) =>
      session.run(
        `UPDATE identities SET timezone = iif(@setsTimezone, @timezone, timezone),
           language = iif(@setsLanguage, @language, language) WHERE handle = @handle`,
        {
          handle,
          setsTimezone: timezone === undefined ? 0 : 1,
          timezone: timezone ?? null,
          setsLanguage: language === undefined ? 0 : 1,
          language: language ?? null,
        },
      ),
    remove: (identity) => removeIdentity(session, identity),
  };
}

function pair(session: Session, input: Pair): Paired {
  const row = session.get<PairingRow>('SELECT * FROM pairings WHERE code = @code', { code: input.code });
  if (row === null) return { result: 'wrong' };
  if (row.expires_at <= input.at) return { result: 'expired' };
  // A stranger's code lets in that stranger and nobody else.
  const identity = row.identity ?? input.identity;
  if (identity === null) return { result: 'wrong' };
  if (input.identity !== null && input.identity !== identity) return { result: 'wrong' };
  session.run('DELETE FROM pairings WHERE code = @code OR identity = @identity', {
    code: row.code,
    identity,
  });
  const { handle, role, joins = null } = input;
  if (joins !== null && joins !== handle) joinPersons(session, { from: joins, to: handle, role });
  session.run(
    `INSERT INTO identities (identity, handle, role, name, since, timezone, language)
     VALUES (@identity, @handle, @role, @name, @at, @timezone, @language)
     ON CONFLICT (identity) DO UPDATE
       SET handle = excluded.handle, role = excluded.role, name = excluded.name, since = excluded.since,
         timezone = coalesce(excluded.timezone, timezone), language = coalesce(excluded.language, language)`,
    {
      identity,
      handle,
      role,
      name: input.name,
      at: input.at,
      timezone: input.timezone ?? null,
      language: input.language ?? null,
    },
  );
  return { result: 'paired', pairing: toPairing(row), identity };
}
