import type { InboundEvent } from '#core/event.ts';
import type { Route } from '#core/store/events.ts';
import { canonicalJson } from '#core/tool.ts';
import { sha256Hex } from '#lib/hash.ts';

const longestReason = 500;

/**
 * The row of an event that has not the shape of one: who sent it and where cannot be trusted, so nothing of it is kept
 * but its name and what is wrong with it. One without a usable name is named by its bytes: seen again it is the same.
 */
export function toMalformed(
  channel: string,
  raw: unknown,
  reason: string,
): { readonly event: InboundEvent; readonly refusal: Route } {
  const named: unknown = typeof raw === 'object' && raw !== null ? Reflect.get(raw, 'platformId') : null;
  const isName = typeof named === 'string' && /^.{1,512}$/su.test(named) && named.isWellFormed();
  const platformId = isName ? named : `malformed:${sha256Hex(canonicalJson(raw) ?? '')}`;
  return {
    event: {
      platformId,
      kind: 'message',
      chat: { channel, chat: 'unknown', thread: null },
      direct: false,
      sender: { id: 'unknown', name: '' },
      addressed: false,
      text: '',
      files: [],
      messageId: null,
      replyTo: null,
      sentAt: 0,
      raw: '',
    },
    refusal: { lane: 'none', reason: reason.slice(0, longestReason), deliveries: [], pairing: null },
  };
}
