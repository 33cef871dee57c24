import { parseChatKey } from '#core/address.ts';
import { TiroError } from '#core/errors.ts';
import type { TurnId } from '#core/ids.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { LogPort } from '#core/ports/clock.ts';
import type { Turn } from '#core/turn.ts';
import { sha256Hex } from '#lib/hash.ts';

/** A running answer as the platform's own draft: ephemeral, no row, nothing to clean up after a crash. */
export interface Drafts {
  /** Running answers of this turn are drafts: a direct chat of a channel that has them and has not refused one yet. */
  serve(turn: Turn): boolean;
  /**
   * Shows the text once. False: the platform has no drafts, and none is tried again in this process. A draft that failed
   * for any other reason is just not seen. Never rejects.
   */
  show(turn: Turn, said: { readonly text: string; readonly dialect: string }): Promise<boolean>;
}

export function createDrafts(deps: {
  readonly adapter: (channel: string) => Pick<AdapterPort, 'abilities' | 'draft'> | null;
  readonly log: LogPort;
}): Drafts {
  const refusedBy = new Set<string>();
  return {
    serve(turn) {
      const channel = parseChatKey(turn.chat)?.channel ?? '';
      const adapter = deps.adapter(channel);
      return turn.direct && adapter?.abilities.drafts === true && !refusedBy.has(channel);
    },
    async show(turn, { text, dialect }) {
      const chat = parseChatKey(turn.chat);
      if (chat === null) return false;
      try {
        await deps.adapter(chat.channel)?.draft?.({ id: draftIdOf(turn.id), chat, text, dialect });
        return true;
      } catch (error) {
        const isRefused = error instanceof TiroError && error.code === 'not-found';
        if (isRefused) refusedBy.add(chat.channel);
        deps.log.info('delivery.draft-failed', { chat: turn.chat, isRefused, error });
        return !isRefused;
      }
    },
  };
}

/** The same for every boot that works on the turn, so that its draft is changed and not shown a second time. */
function draftIdOf(turn: TurnId): number {
  return (Number.parseInt(sha256Hex(turn).slice(0, 8), 16) >>> 1) | 1;
}
