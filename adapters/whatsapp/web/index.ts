import type { ChatAddress } from '#core/address.ts';
import type { Abilities } from '#core/delivery.ts';
import { TiroError } from '#core/errors.ts';
import type { AdapterPort, Finding, PlatformDeps } from '#core/ports/adapter.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { orAborted, within } from '#lib/net/within.ts';
import { jidOf } from './address.ts';
import { type Connection, createConnection } from './connect.ts';
import { download, upload, uploadLimitBytes } from './media.ts';
import { createSend } from './send.ts';
import type { Server } from './socket.ts';

export type { Server } from './socket.ts';

const can = { edits: true, typing: true, buttons: false, threads: false, reactions: true, drafts: false };
const abilities: Abilities = {
  ...can,
  files: { maxBytes: uploadLimitBytes },
  dialects: ['whatsapp', 'plain'],
  // WhatsApp takes some 65,000; a phone folds a long message, and mode cloud takes 4,096.
  maxText: 4_096,
  countedAs: 'utf16',
  delivery: 'push',
  sendSemantics: 'idempotent',
  // Each edit is a message to every device of the chat: many of them look like a machine.
  editEveryMs: 3_000,
  sendEveryMs: 500,
  coalesce: true,
};

const typingMs = 5_000;
const minuteMs = 60_000;

/**
 * WhatsApp as a further device of a phone, by an unofficial client (docs/channels/whatsapp.md). `server` is for tests only:
 * nothing in the configuration reaches it.
 */
export function createWhatsAppWeb(deps: PlatformDeps, server: Server | null = null): AdapterPort {
  const { clock, fetch } = deps;
  const connection = createConnection({ ...deps, server });
  const closing = new AbortController();
  return {
    name: 'whatsapp',
    abilities,
    link: connection.link,
    start: (sink, signal) => connection.run(sink, AbortSignal.any([signal, closing.signal])),
    send: createSend({
      ...deps,
      line: connection.line,
      upload: async (body, line, signal) =>
        await upload({ fetch, server, lib: await connection.library() }, body, { line, signal }),
    }),
    typing,
    fetch: async (file, signal) =>
      await download({ fetch, server }, await connection.library(), { file, signal }),
    check: () => findings(clock, connection),
    close: async () => closing.abort(),
  };

  async function typing({ chat }: ChatAddress): Promise<void> {
    const jid = jidOf(chat);
    if (jid === null) return;
    await within({ clock, ms: typingMs, signal: closing.signal }, async (signal) => {
      const open = await connection.line(signal);
      if (typeof open === 'string') throw new TiroError('unavailable', open);
      const shown = open.line.sock.sendPresenceUpdate('composing', jid);
      await orAborted(shown, signal, () => new TiroError('unavailable', 'WhatsApp does not answer.'));
    });
  }
}

/** What doctor says: is it linked, is it connected, is anything heard. Linked is not yet receiving. */
async function findings(
  clock: ClockPort,
  { line, heardAt, isLinked }: Connection,
): Promise<readonly Finding[]> {
  const open = await line(new AbortController().signal);
  if (typeof open === 'string') {
    const fix = isLinked()
      ? 'docs/channels/whatsapp.md, “What goes wrong”.'
      : 'Run `tiro channels link whatsapp`.';
    return [{ level: 'fail', what: `WhatsApp is not connected: ${open}.`, fix }, risk];
  }
  const at = heardAt();
  const age =
    at === null
      ? 'no message since the start'
      : `the last message came ${Math.floor((clock.now() - at) / minuteMs)} minutes ago`;
  return [{ level: 'ok', what: `WhatsApp is linked and connected: ${age}.`, fix: null }, risk];
}

const risk: Finding = {
  level: 'warn',
  what: 'Mode web is not a client of WhatsApp’s own: WhatsApp may block the account.',
  fix: 'docs/channels/whatsapp.md, “Before you begin”. Mode cloud is the official way.',
};
