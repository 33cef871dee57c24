import type { Identity } from '#core/address.ts';
import { TiroError } from '#core/errors.ts';
import type { ConversationId, IdsPort } from '#core/ids.ts';
import type { Pairing, Role } from '#core/person.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { ComposePort } from '#core/ports/compose.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import type { PeoplePort } from '#core/store/people.ts';
import { toSlug } from '#lib/handle.ts';
import { isSameSecret } from '#lib/hash.ts';

export interface PairingDeps {
  readonly people: Pick<PeoplePort, 'pair' | 'pairings' | 'addPairing'>;
  readonly conversations: Pick<ConversationsPort, 'say'>;
  readonly compose: ComposePort;
  readonly directory: DirectoryPort;
  readonly ids: IdsPort;
  readonly clock: ClockPort;
}

const codeMs = 3_600_000;
/** Wrong codes from one sender within an hour, after which even the right one is refused. */
const maxFailures = 5;

/** A code for the owner to send from a chat as `/pair CODE`: whoever sends it there is the owner. One hour, one use. */
export async function mintOwnerCode(deps: PairingDeps): Promise<Pairing> {
  const createdAt = deps.clock.now();
  const code = deps.ids.pairingCode();
  const pairing = {
    code,
    kind: 'owner',
    identity: null,
    chat: null,
    name: '',
    createdAt,
    expiresAt: createdAt + codeMs,
  } as const;
  await deps.people.addPairing(pairing);
  return pairing;
}

/** The owner lets a stranger in by the code the stranger was given. Rejects as `not-found` for a wrong or expired code. */
export async function letIn(
  deps: PairingDeps,
  input: { readonly code: string; readonly handle: string | null; readonly role: Role },
): Promise<{ readonly handle: string; readonly identity: Identity }> {
  const pairing = await findPairing(deps, input.code, 'stranger');
  if (pairing === null || pairing.identity === null) throw wrongCode();
  const handle = input.handle ?? handleFor(pairing);
  if (deps.directory.person(handle).role !== 'guest') {
    throw new TiroError(
      'conflict',
      `handle: ${handle} is somebody already. Choose another with --as HANDLE.`,
    );
  }
  const paired = await deps.people.pair({
    code: pairing.code,
    identity: null,
    handle,
    role: input.role,
    name: pairing.name,
    at: deps.clock.now(),
  });
  if (paired.result !== 'paired') throw wrongCode();
  await deps.directory.refresh();
  await welcome(deps, pairing, handle);
  return { handle, identity: paired.identity };
}

/** Somebody sends the owner's code from a chat and becomes the owner there. */
export function createOwnerPairing(
  deps: PairingDeps,
): (code: string, sender: { identity: Identity; name: string }) => Promise<void> {
  const failures = new Map<Identity, { count: number; since: number }>();
  return async (code, sender) => {
    const now = deps.clock.now();
    for (const [identity, entry] of failures) if (now - entry.since > codeMs) failures.delete(identity);
    const failed = failures.get(sender.identity) ?? { count: 0, since: now };
    const pairing = failed.count >= maxFailures ? null : await findPairing(deps, code, 'owner');
    if (pairing === null) {
      failures.set(sender.identity, { ...failed, count: failed.count + 1 });
      throw wrongCode();
    }
    const handle = deps.directory.owner().handle;
    const paired = await deps.people.pair({
      code: pairing.code,
      identity: sender.identity,
      handle,
      role: 'owner',
      name: sender.name,
      at: now,
    });
    if (paired.result !== 'paired') throw wrongCode();
    await deps.directory.refresh();
  };
}

async function findPairing(deps: PairingDeps, code: string, kind: Pairing['kind']): Promise<Pairing | null> {
  const wanted = code.trim().toUpperCase();
  const open = await deps.people.pairings(deps.clock.now());
  return open.find((pairing) => pairing.kind === kind && isSameSecret(pairing.code, wanted)) ?? null;
}

function wrongCode(): TiroError {
  return new TiroError('not-found', 'This code is wrong, used or expired.');
}

/** `Ann Lee` on telegram → `ann-lee`; a name without letters gives the identity. */
function handleFor(pairing: Pairing): string {
  const fromName = toSlug(pairing.name);
  return fromName === '' ? toSlug(pairing.identity ?? 'guest') : fromName;
}

async function welcome(deps: PairingDeps, pairing: Pairing, handle: string): Promise<void> {
  if (pairing.chat === null) return;
  const text = 'You are in. Write me whatever you need; /help shows what I can do.';
  const key = `welcome:${pairing.code}`;
  const newConversation: ConversationId = deps.ids.conversation();
  await deps.conversations.say({
    key,
    chat: pairing.chat,
    conversation: null,
    newConversation,
    person: handle,
    body: { kind: 'notice', text },
    deliveries: deps.compose.say({
      chat: pairing.chat,
      markdown: text,
      key,
      replyTo: null,
      buttons: [],
      editOf: null,
    }),
    at: deps.clock.now(),
  });
}
