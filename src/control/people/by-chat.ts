import { TiroError } from '#core/errors.ts';
import type { StoredEvent } from '#core/event.ts';
import type { UseCode } from './linking.ts';
import { mintLink } from './mint.ts';
import { type PairingDeps, findPairing, letIn } from './pairing.ts';

/**
 * `/pair [CODE]` in a direct chat: without a code somebody known gets one for their other channels; the owner's code of a
 * stranger lets that stranger in; every other code is of the sender's own. Null: no answer is due.
 */
export async function pairByChat(
  deps: PairingDeps & { readonly useCode: UseCode },
  event: StoredEvent,
  args: string,
): Promise<string | null> {
  const [code = ''] = args.split(/\s+/);
  if (code === '') return ownLink(deps, event);
  if (event.role === 'owner' && !(await isForSender(deps, code))) {
    const { handle, identity } = await letIn(deps, { code, handle: null, role: 'member' });
    return `${identity} is let in as ${handle} (member).`;
  }
  const { identity, name, person } = event;
  const linked = await deps.useCode(code, { identity, name, was: person });
  if (linked === 'locked') return null;
  if (linked.asOwner) return 'Welcome. I know you now: you are my owner here.';
  return `Linked: you are **${linked.handle}** here too.`;
}

async function isForSender(deps: PairingDeps, code: string): Promise<boolean> {
  return (await findPairing(deps, code.toUpperCase(), ['owner', 'link'])) !== null;
}

async function ownLink(deps: PairingDeps, event: StoredEvent): Promise<string> {
  if (event.role === null || event.role === 'guest' || event.person === null) {
    throw new TiroError('bad-input', 'Write `/pair CODE`.');
  }
  const { code } = await mintLink(deps, { handle: event.person, chat: event.chat });
  return [
    `Your code is **${code}**, good once, for one hour.`,
    `Send \`/pair ${code}\` to me from your other channel, in a direct chat: then I know you there too.`,
    'Give it to nobody: whoever sends it is you.',
  ].join('\n');
}
