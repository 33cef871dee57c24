import type { ImapFlow } from 'imapflow';
import { TiroError } from '#core/errors.ts';
import type { FileRef } from '#core/event.ts';
import { createInOrder } from '#lib/in-order.ts';
import { type ImapDeps, ImapRefused, type Session, mostMailBytes, openSession } from './imap.ts';
import type { MailServer } from './settings.ts';

/** A second connection to the mailbox, for what the one that listens must not be kept from. Opened when it is needed. */
export interface Desk {
  /** One after another. Rejects where the server cannot be asked, refuses, or the signal aborts. */
  use<T>(folder: string, run: (client: ImapFlow) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** The folder for sent mail, or null where the server names none. */
  sentFolder(signal: AbortSignal): Promise<string | null>;
  close(): void;
}

const unusedMs = 60_000;
/** A refused login is not tried again so soon. */
const refusedMs = 10 * 60_000;

export function createDesk(deps: ImapDeps, server: MailServer, configuredSent: string | null): Desk {
  const inOrder = createInOrder();
  const life = new AbortController();
  let session: Session | null = null;
  let sent: string | null = configuredSent;
  const enter = createEntry(deps, server);
  let cancel: (() => void) | null = null;
  return {
    use: (folder, run, signal) =>
      turn(signal, async ({ ask }) =>
        ask(async (client) => {
          const lock = await client.getMailboxLock(folder);
          try {
            return await run(client);
          } finally {
            lock.release();
          }
        }),
      ),
    sentFolder: async (signal) => {
      if (sent !== null) return sent;
      const folders = await turn(signal, ({ ask }) => ask((client) => client.list()));
      sent = folders.find(({ specialUse }) => specialUse === '\\Sent')?.path ?? null;
      return sent;
    },
    close: () => {
      cancel?.();
      life.abort();
    },
  };

  /** Whoever gives up goes at once; what was begun ends by itself. */
  function turn<T>(signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
    return orStopped(
      inOrder(async () => work(await open(signal))),
      signal,
    );
  }

  async function open(signal: AbortSignal): Promise<Session> {
    cancel?.();
    cancel = deps.clock.after(unusedMs, () => session?.close());
    if (session !== null) return session;
    if (signal.aborted) throw new Error('stopped');
    const opened = await enter(life.signal);
    session = opened;
    const forget = (): void => {
      if (session === opened) session = null;
    };
    void opened.ended.then(forget, forget);
    return opened;
  }
}

/** Opens a session, and after a refused login none for a while. */
function createEntry(deps: ImapDeps, server: MailServer): (signal: AbortSignal) => Promise<Session> {
  let shutUntil = 0;
  return async (signal) => {
    if (deps.clock.elapsed() < shutUntil) throw new Error('the login was refused');
    try {
      return await openSession(deps, server, signal);
    } catch (error) {
      if (error instanceof ImapRefused && error.refused) shutUntil = deps.clock.elapsed() + refusedMs;
      throw error;
    }
  };
}

function orStopped<T>(working: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(new Error('stopped'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return Promise.race([working, stopped.promise]).finally(() => signal.removeEventListener('abort', stop));
}

/** The bytes of a file (`uidValidity/uid/part`), read from the mailbox again. Rejects as `not-found` where it is gone. */
export function fetchPart(
  desk: Desk,
  { id }: FileRef,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const [, validity = '', uid = '', part = ''] = /^(\d+)\/(\d+)\/(\d+(?:\.\d+)*)$/.exec(id) ?? [];
  if (part === '') return Promise.reject(gone());
  return desk.use(
    'INBOX',
    async (client) => {
      if (client.mailbox === false || String(client.mailbox.uidValidity) !== validity) throw gone();
      const found = await client.download(uid, part, { uid: true, maxBytes: mostMailBytes });
      if (!('content' in found) || found.content === undefined) throw gone();
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      for await (const piece of found.content) pieces.push(new Uint8Array(Buffer.from(piece)));
      return new Blob(pieces).stream();
    },
    signal,
  );
}

function gone(): TiroError {
  return new TiroError('not-found', 'The file is not in the mailbox any more.');
}
