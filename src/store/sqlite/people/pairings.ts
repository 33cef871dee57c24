import type { Identity } from '#core/address.ts';
import { TiroError } from '#core/errors.ts';
import type { Pairing, Role } from '#core/person.ts';
import type { PeoplePort } from '#core/store/people.ts';
import type { Session } from '../session.ts';

export interface PairingRow {
  readonly code: string;
  readonly kind: Pairing['kind'];
  readonly identity: Identity | null;
  readonly chat: Pairing['chat'];
  readonly name: string;
  readonly person: string | null;
  readonly role: Role | null;
  readonly created_at: number;
  readonly expires_at: number;
}

export function pairingsAt(session: Session, now: number): readonly Pairing[] {
  return session
    .all<PairingRow>('SELECT * FROM pairings WHERE expires_at > @now ORDER BY created_at, code', { now })
    .map(toPairing);
}

/** Stores a code that must be new; codes that expired before it was made are dropped, and its person's earlier link code. */
export function insertPairing(session: Session, pairing: Pairing): void {
  session.run('DELETE FROM pairings WHERE expires_at <= @createdAt', { createdAt: pairing.createdAt });
  if (pairing.kind === 'link') dropLinksOf(session, pairing.person ?? '');
  const inserted = session.run(
    `INSERT INTO pairings (code, kind, identity, chat, name, person, role, created_at, expires_at)
     VALUES (@code, @kind, @identity, @chat, @name, @person, @role, @createdAt, @expiresAt)
     ON CONFLICT (code) DO NOTHING`,
    { ...pairing },
  );
  if (inserted === 0) throw new TiroError('conflict', 'That pairing code is in use; make another one.');
}

export function dropLinksOf(session: Session, person: string): void {
  session.run(`DELETE FROM pairings WHERE kind = 'link' AND person = @person`, { person });
}

/** The row stays, so that its stranger is known and gets no other code. */
export function refusePairing(
  session: Session,
  { code, at, until }: Parameters<PeoplePort['refuse']>[0],
): Pairing | null {
  session.run(
    `UPDATE pairings SET kind = 'refused', expires_at = @until
     WHERE code = @code AND kind = 'stranger' AND expires_at > @at`,
    { code, at, until },
  );
  const row = session.get<PairingRow>(
    `SELECT * FROM pairings WHERE code = @code AND kind = 'refused' AND expires_at > @at`,
    { code, at },
  );
  return row === null ? null : toPairing(row);
}

export function toPairing(row: PairingRow): Pairing {
  return {
    code: row.code,
    kind: row.kind,
    identity: row.identity,
    chat: row.chat,
    name: row.name,
    person: row.person,
    role: row.role,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
