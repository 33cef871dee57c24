import { z } from 'zod';
import type { ChatAddress } from '#core/address.ts';
import type { Abilities } from '#core/delivery.ts';
import type { InboundEvent } from '#core/event.ts';
import type { AdapterDeps, AdapterPort } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import { within } from '#lib/net/within.ts';
import { checkCloud } from './check.ts';
import { createClient } from './client.ts';
import { createWatch } from './connect.ts';
import { bodyLimitBytes, createDoor } from './door.ts';
import { createReports } from './reports.ts';
import { createSend, textLimit, uploadLimitBytes } from './send.ts';
import type { CloudSettings } from './settings.ts';

export interface CloudDeps extends AdapterDeps {
  readonly random: RandomPort;
  /** Absent: the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
}

const can = { edits: false, typing: true, buttons: true, threads: false, reactions: true, drafts: false };
const abilities: Abilities = {
  ...can,
  files: { maxBytes: uploadLimitBytes },
  dialects: ['whatsapp', 'plain'],
  maxText: textLimit,
  countedAs: 'utf16',
  delivery: 'push',
  sendSemantics: 'reconcilable',
  editEveryMs: 1_000,
  // 80 a second of the number, and a burst to one person: a real 131056 says when it is too much.
  sendEveryMs: 100,
  coalesce: true,
};

const typingTimeoutMs = 5_000;
const lookupWaitMs = 10_000;
const checkTimeoutMs = 15_000;

/** WhatsApp by Meta's Cloud API: plain calls of Graph out (client.ts), signed webhooks in (door.ts). */
export function createWhatsAppCloud(deps: CloudDeps, settings: CloudSettings): AdapterPort {
  const { clock, log, fetch = globalThis.fetch } = deps;
  const { phoneNumberId } = settings;
  const client = createClient(settings, { fetch, clock });
  const reports = createReports(deps);
  const watch = createWatch({ ...deps, client }, phoneNumberId);
  const signs = createTypingSigns(clock);
  const door = createDoor({ clock, log, reports, onHeard: signs.heard }, settings);
  const closing = new AbortController();
  const life = { clock, signal: closing.signal };

  return {
    name: 'whatsapp',
    abilities,
    hooks: { names: ['whatsapp'], maxBytes: bodyLimitBytes },
    handle: door.handle,
    start,
    send: createSend({ client, reports, phoneNumberId, onFailure: watch.doubt, onSent: signs.ended }),
    lookup: async ({ id }) => {
      const platformId = await reports.wait(id, { ms: lookupWaitMs, signal: closing.signal });
      // That nothing was said yet does not show that it was not sent.
      return platformId === null ? { found: 'unknown' } : { found: 'sent', platformId };
    },
    typing,
    fetch: client.download,
    check: () => within({ ...life, ms: checkTimeoutMs }, (signal) => checkCloud(client, settings, signal)),
    close: async () => closing.abort(),
  };

  async function start(...[sink, signal]: Parameters<AdapterPort['start']>): Promise<void> {
    door.open(sink);
    await watch.run(sink, AbortSignal.any([signal, closing.signal]));
    door.close();
  }

  /** Marks what was said last as read, and shows the sign until the answer, or for 25 s. What Meta says to it changes nothing. */
  async function typing(chat: ChatAddress): Promise<void> {
    const messageId = signs.due(chat);
    if (messageId === null) return;
    const sign = { status: 'read', message_id: messageId, typing_indicator: { type: 'text' } };
    const body = { messaging_product: 'whatsapp', ...sign };
    const request = { path: `${phoneNumberId}/messages`, body, answer: z.unknown() };
    await client.call({ ...request, timeoutMs: typingTimeoutMs }, closing.signal);
  }
}

const mostChats = 1_000;
/** The sign goes out after 25 s. */
const signAgainMs = 20_000;

/** The message said last in each chat, by which alone the sign can be shown: of the thousand chats heard last. */
function createTypingSigns(clock: CloudDeps['clock']): {
  readonly heard: (events: readonly InboundEvent[]) => void;
  readonly ended: (chat: ChatAddress) => void;
  /** The message to show it under; null where none is known, or it is still shown. */
  due(chat: ChatAddress): string | null;
} {
  const last = new Map<string, { readonly messageId: string; shownAt: number }>();
  return {
    heard: (events) => {
      for (const { kind, chat, messageId } of events) {
        if (kind !== 'message' || messageId === null) continue;
        last.delete(chat.chat);
        last.set(chat.chat, { messageId, shownAt: Number.NEGATIVE_INFINITY });
        const [oldest] = last.keys();
        if (last.size > mostChats && oldest !== undefined) last.delete(oldest);
      }
    },
    ended: ({ chat }) => {
      const it = last.get(chat);
      if (it !== undefined) it.shownAt = Number.NEGATIVE_INFINITY;
    },
    due: ({ chat }) => {
      const it = last.get(chat);
      if (it === undefined || clock.elapsed() - it.shownAt < signAgainMs) return null;
      it.shownAt = clock.elapsed();
      return it.messageId;
    },
  };
}
