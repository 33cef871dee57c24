import type { Identity } from '#core/address.ts';
import { TiroError } from '#core/errors.ts';
import type { KnownIdentity, Pairing } from '#core/person.ts';
import type { PeoplePort } from '#core/store/people.ts';
import type { Session, Verbs } from './session.ts';

interface PairingRow {
  readonly code: string;
  readonly kind: Pairing['kind'];
  readonly identity: Identity | null;
  readonly chat: Pairing['chat'];
  readonly name: string;
  readonly created_at: number;
  readonly expires_at: number;
}

export function createPeople(session: Session): Verbs<PeoplePort> {
  return {
    identities: () => session.all<KnownIdentity>('SELECT * FROM identities ORDER BY since, identity'),
    pair,
    pairings: (now) =>
      session
        .all<PairingRow>('SELECT * FROM pairings WHERE expires_at > @now ORDER BY created_at, code', { now })
        .map(toPairing),
    addPairing: (pairing) => insertPairing(session, pairing),
    remove: (identity) => session.run('DELETE FROM identities WHERE identity = @identity', { identity }) > 0,
  };

  function pair(input: Parameters<PeoplePort['pair']>[0]): Awaited<ReturnType<PeoplePort['pair']>> {
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
    session.run(
      `INSERT INTO identities (identity, handle, role, name, since) VALUES (@identity, @handle, @role, @name, @at)
       ON CONFLICT (identity) DO UPDATE
         SET handle = excluded.handle, role = excluded.role, name = excluded.name, since = excluded.since`,
      { identity, handle: input.handle, role: input.role, name: input.name, at: input.at },
    );
    return { result: 'paired', pairing: toPairing(row), identity };
  }
}

/** Stores a code that must be new; codes that expired before it was made are dropped. */
export function insertPairing(session: Session, pairing: Pairing): void {
  session.run('DELETE FROM pairings WHERE expires_at <= @createdAt', { createdAt: pairing.createdAt });
  const inserted = session.run(
    `INSERT INTO pairings (code, kind, identity, chat, name, created_at, expires_at)
     VALUES (@code, @kind, @identity, @chat, @name, @createdAt, @expiresAt) ON CONFLICT (code) DO NOTHING`,
    { ...pairing },
  );
  if (inserted === 0) throw new TiroError('conflict', 'That pairing code is in use; make another one.');
}

function toPairing(row: PairingRow): Pairing {
  return {
    code: row.code,
    kind: row.kind,
    identity: row.identity,
    chat: row.chat,
    name: row.name,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
