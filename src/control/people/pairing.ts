import { type ChatKey, type Identity, addressToKey, parseChatKey } from '#core/address.ts';
import { TiroError } from '#core/errors.ts';
import type { ConversationId, IdsPort } from '#core/ids.ts';
import { type Pairing, type Role, namelessOwner } from '#core/person.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { ComposePort } from '#core/ports/compose.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import type { PeoplePort } from '#core/store/people.ts';
import type { StatePort } from '#core/store/state.ts';
import { toSlug } from '#lib/handle.ts';
import { isSameSecret } from '#lib/hash.ts';

export interface PairingDeps {
  readonly people: Pick<PeoplePort, 'pair' | 'pairings' | 'addPairing' | 'identities'>;
  readonly conversations: Pick<ConversationsPort, 'say'>;
  readonly state: StatePort;
  readonly compose: ComposePort;
  readonly directory: DirectoryPort;
  readonly ids: IdsPort;
  readonly clock: ClockPort;
}

export interface LetIn {
  readonly handle: string;
  readonly identity: Identity;
}

/** Which code let whom in, so that the same order, given again after a crash, is carried out once and answered right. */
const letInScope = 'let-in';

/**
 * The owner lets a stranger in by the code the stranger was given. Rejects as `not-found` for a wrong or expired code, as
 * `conflict` for a handle that is somebody's. Done again with the same code it says who came in by it.
 */
export async function letIn(
  deps: PairingDeps,
  input: {
    readonly code: string;
    readonly handle: string | null;
    readonly role: Role;
    readonly timezone?: string | null | undefined;
    readonly language?: string | null | undefined;
  },
): Promise<LetIn> {
  const code = input.code.trim().toUpperCase();
  // Whom the owner refused may still be let in, by the owner.
  const pairing = await findPairing(deps, code, ['stranger', 'refused']);
  if (pairing === null || pairing.identity === null || pairing.chat === null) {
    const before = await whoCameInBy(deps, code);
    if (before === null) throw notOpen();
    return before;
  }
  const handle = input.handle ?? handleFor(pairing);
  await requireFree(deps, handle, code);
  await deps.state.set({ scope: letInScope, key: code, value: `${handle} ${pairing.chat}` });
  const { name } = pairing;
  const at = deps.clock.now();
  const { role, timezone = null, language = null } = input;
  const who = { identity: null, handle, role, name, timezone, language };
  const paired = await deps.people.pair({ code, ...who, at });
  if (paired.result !== 'paired') throw notOpen();
  await deps.directory.refresh();
  await welcome(deps, { code, handle, chat: pairing.chat });
  return { handle, identity: paired.identity };
}

async function whoCameInBy(deps: PairingDeps, code: string): Promise<LetIn | null> {
  const [handle = '', chat = ''] = (await deps.state.get({ scope: letInScope, key: code }))?.split(' ') ?? [];
  const address = parseChatKey(chat);
  const row = (await deps.people.identities()).find((one) => one.handle === handle);
  if (row === undefined || address === null) return null;
  await deps.directory.refresh();
  await welcome(deps, { code, handle, chat: addressToKey(address) });
  return { handle, identity: row.identity };
}

/** A handle names a memory: nobody may come into somebody else's, nor into one that is kept for guests or was the owner's. */
async function requireFree(deps: PairingDeps, handle: string, code: string): Promise<void> {
  const known = await deps.people.identities();
  const isFree =
    deps.directory.person(handle).role === 'guest' &&
    !handle.startsWith('guest-') &&
    handle !== namelessOwner &&
    known.every((row) => row.handle !== handle);
  if (isFree) return;
  const advice = `Choose another: \`tiro people pair ${code} --as HANDLE\`.`;
  throw new TiroError('conflict', `handle: ${handle} is somebody already. ${advice}`);
}

export async function findPairing(
  deps: Pick<PairingDeps, 'people' | 'clock'>,
  code: string,
  kinds: readonly Pairing['kind'][],
): Promise<Pairing | null> {
  const open = await deps.people.pairings(deps.clock.now());
  return open.find(({ kind, code: own }) => kinds.includes(kind) && isSameSecret(own, code)) ?? null;
}

export function wrongCode(): TiroError {
  return new TiroError('not-found', 'This code is wrong, used or expired.');
}

/** The same for the owner, who may look at the open ones. */
export function notOpen(): TiroError {
  return new TiroError('not-found', `${wrongCode().message} \`tiro people\` shows those that are open.`);
}

/** `Ann Lee` on telegram → `ann-lee`; a name without letters gives the identity. */
function handleFor(pairing: Pairing): string {
  const fromName = toSlug(pairing.name);
  return fromName === '' ? toSlug(pairing.identity ?? 'guest') : fromName;
}

async function welcome(
  deps: PairingDeps,
  { code, handle, chat }: { readonly code: string; readonly handle: string; readonly chat: ChatKey },
): Promise<void> {
  const text = 'You are in. Write me whatever you need; /help shows what I can do.';
  const key = `welcome:${code}`;
  const newConversation: ConversationId = deps.ids.conversation();
  await deps.conversations.say({
    key,
    chat,
    conversation: null,
    newConversation,
    person: handle,
    body: { kind: 'notice', text },
    deliveries: deps.compose.say({ chat, markdown: text, key, replyTo: null, buttons: [], editOf: null }),
    at: deps.clock.now(),
  });
}
