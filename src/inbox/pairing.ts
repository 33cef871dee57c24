import { addressToKey, identityOf } from '#core/address.ts';
import type { InboundEvent } from '#core/event.ts';
import type { IdsPort } from '#core/ids.ts';
import type { Pairing } from '#core/person.ts';
import type { ComposePort } from '#core/ports/compose.ts';
import type { Route } from '#core/store/events.ts';
import { cutText } from '#lib/cut.ts';

export const pairingMs = 3_600_000;
const maxPending = 3;
const nameChars = 64;

/**
 * The hint for a stranger: a one-time code that the owner can accept. At most three codes are open at a time and each
 * stranger has one for an hour; beyond that, and refused by the owner, a stranger gets silence. Nothing of the message is
 * kept, no model is called.
 */
export function pairingRoute(
  event: InboundEvent,
  pending: readonly Pairing[],
  deps: { readonly ids: IdsPort; readonly compose: ComposePort; readonly now: number },
): Route {
  const identity = identityOf(event.chat.channel, event.sender.id);
  const strangers = pending.filter((pairing) => pairing.kind === 'stranger');
  const isKnown = pending.some((pairing) => pairing.kind !== 'owner' && pairing.identity === identity);
  const quiet = isKnown || strangers.length >= maxPending;
  if (quiet) return { lane: 'none', reason: 'stranger', deliveries: [], pairing: null };
  const code = deps.ids.pairingCode();
  const chat = addressToKey(event.chat);
  return {
    lane: 'none',
    reason: 'stranger: pairing hint sent',
    deliveries: deps.compose.say({
      chat,
      markdown: hintText(code),
      key: `pairing:${code}`,
      replyTo: null,
      buttons: [],
      editOf: null,
    }),
    pairing: {
      code,
      kind: 'stranger',
      identity,
      chat,
      name: plainName(event.sender.name),
      person: null,
      role: null,
      createdAt: deps.now,
      expiresAt: deps.now + pairingMs,
    },
  };
}

function hintText(code: string): string {
  return [
    'Hello. I am somebody’s assistant and I don’t know you yet.',
    `Your code is **${code}**, good for one hour. Ask my owner to send me \`/pair ${code}\``,
    `(or to run \`tiro people pair ${code}\`).`,
  ].join('\n');
}

/** The owner reads it beside the code, on pages and in terminals: nothing in it may move the text around it. */
function plainName(name: string): string {
  return cutText(name.replaceAll(/[\s\p{C}]+/gu, ' ').trim(), nameChars);
}
