import { TiroError } from '#core/errors.ts';
import type { Identity } from '#core/address.ts';
import type { ControlDeps } from '../deps.ts';
import type { ControlSurface } from '../surface.ts';
import { mintLink, mintOwnerCode } from './mint.ts';
import { letIn, notOpen } from './pairing.ts';

type PeopleCommand = Extract<keyof ControlSurface, `people.${string}`>;
type PeopleHandlers = {
  readonly [K in PeopleCommand]: (input: ControlSurface[K]['input']) => Promise<ControlSurface[K]['output']>;
};

const refusedMs = 30 * 86_400_000;

/** Who is known, and how somebody comes to be. Only an owner gets here. */
export function createPeopleHandlers(deps: ControlDeps): PeopleHandlers {
  const { store, directory, clock } = deps;
  const { people } = store;
  const parts = { ...deps, ...store };
  return {
    'people.list': async () => ({
      identities: directory.known(),
      pairings: await people.pairings(clock.now()),
    }),
    'people.pair': async ({ code, handle, role, ...locale }) => {
      if (code === null) {
        const minted = await mintOwnerCode(parts);
        return { paired: null, handle: null, ownerCode: minted.code, expiresAt: minted.expiresAt };
      }
      const came = await letIn(parts, { code, handle, role: role ?? 'member', ...locale });
      return { paired: came.identity, handle: came.handle, ownerCode: null, expiresAt: null };
    },
    'people.refuse': async ({ code }) => {
      const at = clock.now();
      const refused = await people.refuse({ code: code.trim().toUpperCase(), at, until: at + refusedMs });
      if (refused === null || refused.identity === null) throw notOpen();
      return { refused: refused.identity };
    },
    'people.link': async ({ handle }) => {
      const person = handle ?? directory.owner().handle;
      const { code, expiresAt } = await mintLink(parts, { handle: person, chat: null });
      return { handle: person, code, expiresAt };
    },
    'people.set': (input) => setLocale(deps, input),
    'people.remove': ({ identity }) => removeIdentity(deps, identity),
  };
}

async function setLocale(
  deps: ControlDeps,
  { handle, timezone, language }: ControlSurface['people.set']['input'],
): Promise<ControlSurface['people.set']['output']> {
  const { store, directory } = deps;
  requireUnnamed(deps, handle);
  const changed = await store.people.setLocale({
    handle,
    ...(timezone === undefined ? {} : { timezone }),
    ...(language === undefined ? {} : { language }),
  });
  if (changed === 0) {
    throw new TiroError('not-found', `handle: nobody was paired as ${handle} (see tiro people).`);
  }
  await directory.refresh();
  const person = directory.person(handle);
  return { handle, timezone: person.timezone, language: person.language };
}

async function removeIdentity(
  { store, directory }: ControlDeps,
  identity: string,
): Promise<{ readonly removed: boolean }> {
  if (!isIdentity(identity)) throw notAnIdentity(identity);
  if (directory.isListed(identity)) {
    throw new TiroError('conflict', `identity: config.yaml lists ${identity}. Take it out there.`);
  }
  const removed = await store.people.remove(identity);
  await directory.refresh();
  return { removed };
}

function requireUnnamed({ directory }: ControlDeps, handle: string): void {
  if (!directory.isNamed(handle)) return;
  const advice = `Set \`people.${handle}.timezone\` and \`people.${handle}.language\` there.`;
  throw new TiroError('conflict', `handle: config.yaml names ${handle}, and it decides. ${advice}`);
}

const isIdentity = (text: string): text is Identity => /^[a-z][a-z0-9-]{0,31}:./su.test(text);

function notAnIdentity(text: string): TiroError {
  return new TiroError(
    'bad-input',
    `identity: ${text} is none; they look like telegram:7 (see tiro people).`,
  );
}
