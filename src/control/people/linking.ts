import type { Identity } from '#core/address.ts';
import { TiroError } from '#core/errors.ts';
import type { Pairing, Role } from '#core/person.ts';
import { createGuesses } from './guesses.ts';
import { isSomebody } from './mint.ts';
import { type PairingDeps, findPairing, wrongCode } from './pairing.ts';

export interface CodeSender {
  readonly identity: Identity;
  readonly name: string;
  /** Who the sender was when it was sent; null: nobody. */
  readonly was: string | null;
}

export interface Linked {
  readonly handle: string;
  /** By a code of the owner's, not by one of their own. */
  readonly asOwner: boolean;
}

/** What became of a code that somebody sent. `locked`: too many wrong ones, no answer is due. */
export type UseCode = (code: string, sender: CodeSender) => Promise<Linked | 'locked'>;

/** Which code made whom of an identity, so that the same order, given again after a crash, is answered the same. */
const linkedScope = 'linked';

/**
 * Somebody sends an owner's or a link code from a chat: this identity is that person's from then on, and so is what was the
 * sender's. Rejects as `not-found` for a wrong, used or expired code; as `conflict`, with the code still good, where config
 * decides otherwise, where it is the same person already, and where the sender would lose rights.
 */
export function createLinking(deps: PairingDeps): UseCode {
  const guesses = createGuesses();
  return async (text, sender) => {
    const { identity } = sender;
    const code = text.trim().toUpperCase();
    const before = await usedBefore(deps, code, identity);
    if (before !== null) return before;
    const now = deps.clock.now();
    if (guesses.isLocked(identity, now)) return 'locked';
    const pairing = await findPairing(deps, code, ['owner', 'link']);
    const target = pairing === null ? null : targetOf(deps, pairing);
    if (pairing === null || target === null) throw wrong(guesses.failed(identity, now));
    return link(deps, { pairing, sender, ...target });
  };
}

function wrong(isLast: boolean): TiroError {
  const last = ' That was one too many: I look at no more codes from here for an hour.';
  return new TiroError('not-found', `${wrongCode().message}${isLast ? last : ''}`);
}

interface Target {
  readonly handle: string;
  readonly role: Role;
}

/** Who the code makes of its sender. Rights that its person lost since it was made are not handed on. */
function targetOf({ directory }: PairingDeps, pairing: Pairing): Target | null {
  if (pairing.kind === 'owner') return { handle: directory.owner().handle, role: 'owner' };
  const { person: handle, role } = pairing;
  if (handle === null || role === null || !isSomebody(directory, handle)) return null;
  const current = directory.person(handle).role;
  return { handle, role: rank[role] < rank[current] ? role : current };
}

const rank: Readonly<Record<Role, number>> = { guest: 0, member: 1, owner: 2 };

interface Linking extends Target {
  readonly pairing: Pairing;
  readonly sender: CodeSender;
}

async function link(deps: PairingDeps, linking: Linking): Promise<Linked> {
  const { pairing, sender, handle, role } = linking;
  const { identity, name } = sender;
  const was = deps.directory.resolve(identity)?.handle ?? sender.was;
  requireAllowed(deps, linking, was);
  await deps.state.set({
    scope: linkedScope,
    key: `${pairing.code} ${identity}`,
    value: `${pairing.kind} ${handle}`,
  });
  const paired = await deps.people.pair({
    code: pairing.code,
    identity,
    handle,
    role,
    name,
    joins: was,
    at: deps.clock.now(),
  });
  if (paired.result !== 'paired') throw wrongCode();
  await deps.directory.refresh();
  await tellWhoAsked(deps, linking);
  return { handle, asOwner: pairing.kind === 'owner' };
}

function requireAllowed({ directory }: PairingDeps, linking: Linking, was: string | null): void {
  const { identity } = linking.sender;
  const { handle, role } = linking;
  const good = 'The code is still good.';
  if (directory.isListed(identity)) {
    const listed = directory.resolve(identity);
    const as = `${listed?.handle ?? 'nobody'} (${listed?.role ?? 'guest'})`;
    throw new TiroError('conflict', `config.yaml lists ${identity} as ${as}, and it decides. ${good}`);
  }
  if (was === null) return;
  if (was === handle) {
    throw new TiroError(
      'conflict',
      `You are ${handle} here already: send it from the other channel. ${good}`,
    );
  }
  // Whoever has the token has the owner's rights, whatever the name: it stays so.
  const isApi = was.startsWith('api-');
  if (!isApi && rank[directory.person(was).role] > rank[role]) {
    throw new TiroError(
      'conflict',
      `You would lose rights: you are ${was} here, ${handle} is a ${role}. ${good}`,
    );
  }
  if (directory.isNamed(was)) {
    const advice = `\`tiro people remove ${identity}\` takes it from ${was}.`;
    throw new TiroError('conflict', `You are ${was} here, whom config.yaml names. ${advice} ${good}`);
  }
}

async function usedBefore(deps: PairingDeps, code: string, identity: Identity): Promise<Linked | null> {
  const value = await deps.state.get({ scope: linkedScope, key: `${code} ${identity}` });
  const [kind, handle = ''] = value?.split(' ') ?? [];
  if (value === null || deps.directory.resolve(identity)?.handle !== handle) return null;
  return { handle, asOwner: kind === 'owner' };
}

/** Whose code was used hears of it where it was asked for: somebody else may have read it. */
async function tellWhoAsked(deps: PairingDeps, { pairing, sender, handle }: Linking): Promise<void> {
  const { chat, code } = pairing;
  if (chat === null) return;
  const cure =
    deps.directory.person(handle).role === 'owner'
      ? `Run \`tiro people remove ${sender.identity}\`.`
      : 'Tell my owner.';
  const text = `Your code was used: ${sender.identity} is you from now on. Was it not you? ${cure}`;
  const key = `linked:${code}`;
  await deps.conversations.say({
    key,
    chat,
    conversation: null,
    newConversation: deps.ids.conversation(),
    person: handle,
    body: { kind: 'notice', text },
    deliveries: deps.compose.say({ chat, markdown: text, key, replyTo: null, buttons: [], editOf: null }),
    at: deps.clock.now(),
  });
}
