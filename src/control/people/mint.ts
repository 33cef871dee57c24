import type { ChatKey } from '#core/address.ts';
import { TiroError } from '#core/errors.ts';
import type { Pairing } from '#core/person.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { PairingDeps } from './pairing.ts';

const codeMs = 3_600_000;

/** A code for the owner to send from a chat as `/pair CODE`: whoever sends it there is the owner. One hour, one use. */
export function mintOwnerCode(deps: PairingDeps): Promise<Pairing> {
  return mint(deps, { kind: 'owner', chat: null, person: null, role: null });
}

/**
 * A code for somebody known to send from another channel as `/pair CODE`: that identity is theirs from then on. One hour, one
 * use; it takes the place of the one they had open. `chat`: where they asked, which is told when the code was used. Rejects
 * as `not-found` for a handle that is nobody's, as `conflict` for one that names no person.
 */
export async function mintLink(
  deps: PairingDeps,
  { handle, chat }: { readonly handle: string; readonly chat: ChatKey | null },
): Promise<Pairing> {
  if (handle.startsWith('api-')) {
    const advice = 'Link the other way round: get a code where you are known and send it here.';
    throw new TiroError('conflict', `handle: ${handle} is a user of the API. ${advice}`);
  }
  if (!isSomebody(deps.directory, handle)) {
    throw new TiroError('not-found', `handle: there is nobody called ${handle} (see tiro people).`);
  }
  return mint(deps, { kind: 'link', chat, person: handle, role: deps.directory.person(handle).role });
}

export function isSomebody(directory: DirectoryPort, handle: string): boolean {
  const isPaired = directory.known().some((row) => row.handle === handle);
  return isPaired || directory.isNamed(handle) || directory.owner().handle === handle;
}

async function mint(
  deps: PairingDeps,
  kind: Pick<Pairing, 'kind' | 'chat' | 'person' | 'role'>,
): Promise<Pairing> {
  const createdAt = deps.clock.now();
  const code = deps.ids.pairingCode();
  const pairing = { ...kind, code, identity: null, name: '', createdAt, expiresAt: createdAt + codeMs };
  await deps.people.addPairing(pairing);
  return pairing;
}
