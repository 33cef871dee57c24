import type { Identity } from '#core/address.ts';
import { type KnownIdentity, type Person, type Role, namelessOwner } from '#core/person.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { PeoplePort } from '#core/store/people.ts';
import { toHandle } from '#lib/handle.ts';

export interface ListedPerson {
  readonly role: 'owner' | 'member';
  readonly identities: readonly string[];
  readonly timezone: string | null;
  readonly language: string | null;
  /** A member may decide asks of their own only where config says so; the owner decides all. */
  readonly approve: 'own' | null;
}

type Listed = Readonly<Record<string, ListedPerson>>;
type Paired = ReadonlyMap<string, KnownIdentity>;

export interface DirectoryDeps {
  readonly people: Pick<PeoplePort, 'identities'>;
  /** `people` of the config, by handle; read at each use. */
  readonly listed: () => Listed;
}

/** Config people first, then pairings. Page, terminal and bare API calls are the owner; `api:<user>` is a person of its own. */
export function createDirectory(deps: DirectoryDeps): DirectoryPort {
  let paired: Paired = new Map();
  return {
    resolve: (identity) => resolve(identity, deps.listed(), paired),
    isListed: (identity) => listedHandle(identity, deps.listed()) !== null,
    speaksInGroups: (identity) => {
      const person = resolve(identity, deps.listed(), paired);
      return person !== null && (person.role === 'owner' || Object.hasOwn(deps.listed(), person.handle));
    },
    isNamed: (handle) => Object.hasOwn(deps.listed(), handle),
    person: (handle) => personByHandle(handle, deps.listed(), paired),
    owner: () => ownerOf(deps.listed(), paired),
    known: () => knownIdentities(deps.listed(), paired),
    refresh: async () => {
      const known = await deps.people.identities();
      paired = new Map(known.map((row) => [row.identity, row]));
    },
  };
}

function knownIdentities(listed: Listed, paired: Paired): readonly KnownIdentity[] {
  const written = Object.entries(listed).flatMap(([handle, { role, identities, timezone, language }]) =>
    identities
      .filter(isIdentity)
      .map((identity) => ({ identity, handle, role, name: '', since: 0, timezone, language })),
  );
  const others = [...paired.values()].filter(({ identity }) => listedHandle(identity, listed) === null);
  // What counts for somebody whom config names stands in config, also for the identities that were linked.
  const current = others.map((row) => {
    const { role, timezone, language } = personByHandle(row.handle, listed, paired);
    return { ...row, role, timezone, language };
  });
  return [...written, ...current];
}

function isIdentity(text: string): text is Identity {
  return text.includes(':');
}

function resolve(identity: Identity, listed: Listed, paired: Paired): Person | null {
  const handle = listedHandle(identity, listed);
  if (handle !== null) return personByHandle(handle, listed, paired);
  const known = paired.get(identity);
  if (known !== undefined) return personByHandle(known.handle, listed, paired);
  return identity.startsWith('api:') ? apiPerson(identity.slice('api:'.length)) : null;
}

function listedHandle(identity: Identity, listed: Listed): string | null {
  const found = Object.entries(listed).find(([, entry]) => entry.identities.includes(identity));
  return found?.[0] ?? null;
}

function personByHandle(handle: string, listed: Listed, paired: Paired): Person {
  const entry = Object.hasOwn(listed, handle) ? listed[handle] : undefined;
  if (entry !== undefined) return listedPerson(handle, entry);
  const rows = [...paired.values()].filter((row) => row.handle === handle);
  const known = rows.find(({ role }) => role === 'owner') ?? rows[0];
  // Before the owner nobody named: a member may be called as the owner is then.
  if (known !== undefined) return pairedPerson(known);
  const owner = ownerOf(listed, paired);
  if (handle === owner.handle) return owner;
  return plainPerson(handle, handle.startsWith('api-') ? 'owner' : 'guest');
}

function ownerOf(listed: Listed, paired: Paired): Person {
  const entry = Object.entries(listed).find(([, person]) => person.role === 'owner');
  if (entry !== undefined) return listedPerson(...entry);
  const known = [...paired.values()].find((row) => row.role === 'owner');
  return known === undefined ? plainPerson(namelessOwner, 'owner') : pairedPerson(known);
}

function pairedPerson({ handle, role, timezone, language }: KnownIdentity): Person {
  return { ...plainPerson(handle, role), timezone, language };
}

function listedPerson(handle: string, entry: ListedPerson): Person {
  const { role, timezone, language } = entry;
  const approves = role === 'owner' ? 'all' : (entry.approve ?? 'none');
  return { handle, role, timezone, language, approves };
}

function plainPerson(handle: string, role: Role): Person {
  return { handle, role, timezone: null, language: null, approves: role === 'owner' ? 'all' : 'none' };
}

/** The bearer of the token has the owner's rights; only memory and spend are the named user's own. */
function apiPerson(user: string): Person {
  return plainPerson(`api-${toHandle(user)}`, 'owner');
}

/** A stranger who may talk because `access.dm` is open. */
export function guestPerson(identity: Identity): Person {
  return plainPerson(`guest-${toHandle(identity)}`, 'guest');
}
