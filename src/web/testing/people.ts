import type { ControlSurface } from '#control/surface.ts';
import { TiroError } from '#core/errors.ts';
import type { KnownIdentity, Pairing } from '#core/person.ts';

/** Who is known and who waits, for a page to be looked at. */
export interface TestPeople {
  pairings: Pairing[];
  identities: KnownIdentity[];
}

type Name = 'people.list' | 'people.pair' | 'people.refuse' | 'people.link';
type PeopleCommands = {
  readonly [K in Name]: (input: ControlSurface[K]['input']) => Promise<ControlSurface[K]['output']>;
};

/** The commands about people over a list in memory: they take and give what the real ones do, and judge nothing else. */
export function fakePeopleCommands(people: TestPeople, now: () => number): PeopleCommands {
  const take = (code: string | null): Pairing => {
    const found = people.pairings.find((pairing) => pairing.code === code);
    if (found === undefined) throw new TiroError('not-found', 'This code is wrong, used or expired.');
    people.pairings = people.pairings.filter((pairing) => pairing !== found);
    return found;
  };
  return {
    'people.list': async () => people,
    'people.pair': async ({ code, handle, role }) => {
      if (handle === 'ann') throw new TiroError('conflict', 'handle: ann is somebody already.');
      const { identity, name } = take(code);
      if (identity === null) throw new Error('A stranger has an identity.');
      const known = { identity, handle: handle ?? name.toLowerCase(), role: role ?? 'member', name };
      people.identities.push({ ...known, since: now(), timezone: null, language: null });
      return { paired: identity, handle: known.handle, ownerCode: null, expiresAt: null };
    },
    'people.refuse': async ({ code }) => {
      const found = take(code);
      people.pairings.push({ ...found, kind: 'refused', expiresAt: now() + 30 * 86_400_000 });
      return { refused: found.identity ?? '' };
    },
    'people.link': async () => {
      const expiresAt = now() + 3_600_000;
      const code = 'W8QM-2TZC';
      const link = { code, kind: 'link', identity: null, chat: null, name: '', person: 'ann' } as const;
      people.pairings.push({ ...link, role: 'owner', createdAt: now(), expiresAt });
      return { handle: 'ann', code, expiresAt };
    },
  };
}
