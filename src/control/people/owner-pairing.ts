import type { Identity } from '#core/address.ts';
import { TiroError } from '#core/errors.ts';
import { type PairingDeps, findPairing, wrongCode } from './pairing.ts';

export interface CodeSender {
  readonly identity: Identity;
  readonly name: string;
}

export type PairOwner = (code: string, sender: CodeSender) => Promise<'paired' | 'locked'>;

/** Wrong codes from one sender within an hour, after which even the right one is not looked at. */
const maxFailures = 5;
const lockMs = 3_600_000;
/** Failed senders that are remembered; beyond it the oldest is forgotten, so that nobody can fill the memory. */
const maxSenders = 10_000;

interface Failures {
  readonly count: number;
  readonly since: number;
}

/**
 * Somebody sends the owner's code from a chat and becomes the owner there. Rejects as `not-found` for a wrong, used or
 * expired code, as `conflict` for somebody whom config lists as a member. `locked`: too many wrong ones, no answer is due.
 * Whoever is the owner already is told so: the same order given again after a crash.
 */
export function createOwnerPairing(deps: PairingDeps): PairOwner {
  const failures = new Map<Identity, Failures>();
  return async (text, sender) => {
    const { identity, name } = sender;
    if (deps.directory.resolve(identity)?.role === 'owner') return 'paired';
    const now = deps.clock.now();
    const failed = recentFailures(failures, identity, now);
    if (failed.count >= maxFailures) return 'locked';
    const code = text.trim().toUpperCase();
    const found = await findPairing(deps, code, 'owner');
    if (found === null) throw countFailure(failures, identity, failed);
    requireUnlisted(deps, identity);
    const handle = deps.directory.owner().handle;
    const paired = await deps.people.pair({ code, identity, handle, role: 'owner', name, at: now });
    if (paired.result !== 'paired') throw wrongCode();
    await deps.directory.refresh();
    return 'paired';
  };
}

function recentFailures(failures: Map<Identity, Failures>, identity: Identity, now: number): Failures {
  const known = failures.get(identity);
  return known === undefined || now - known.since > lockMs ? { count: 0, since: now } : known;
}

function countFailure(failures: Map<Identity, Failures>, identity: Identity, before: Failures): TiroError {
  const count = before.count + 1;
  failures.delete(identity);
  failures.set(identity, { ...before, count });
  const [oldest] = failures.keys();
  if (failures.size > maxSenders && oldest !== undefined) failures.delete(oldest);
  const last = ' That was one too many: I look at no more codes from here for an hour.';
  return new TiroError('not-found', `${wrongCode().message}${count === maxFailures ? last : ''}`);
}

function requireUnlisted({ directory }: PairingDeps, identity: Identity): void {
  if (!directory.isListed(identity)) return;
  const role = directory.resolve(identity)?.role ?? 'member';
  const advice = 'Change it there; the code is still good.';
  throw new TiroError('conflict', `config.yaml lists ${identity} as ${role}, and it decides. ${advice}`);
}
