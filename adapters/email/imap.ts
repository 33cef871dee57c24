import type { FetchMessageObject, ImapFlow, MailboxObject, SearchObject } from 'imapflow';
import { messageOf } from '#core/errors.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { orAborted, within } from '#lib/net/within.ts';
import { type MailServer, safetyOf } from './settings.ts';

export interface ImapDeps {
  readonly clock: ClockPort;
}

/** A connection to the mailbox. When an answer takes too long the connection is given up: it ends with `ended`. */
export interface Session {
  readonly client: ImapFlow;
  /** Resolves with the reason when it is over. */
  readonly ended: Promise<string>;
  /** Rejects where the server refuses, is silent for `limitMs` (default 60 s) or the signal aborts. */
  ask<T>(run: (client: ImapFlow) => Promise<T>, limitMs?: number): Promise<T>;
  close(): void;
}

/** Larger mail is not read. */
export const mostMailBytes = 25_000_000;
const openMs = 30_000;
const answerMs = 60_000;
/** A large mail over a slow line is no silence. */
const slowestBytesPerMs = 50;
const closedWords = 'the mail server closed the connection';
/** imapflow's own limit, a last resort; ours are kept by the clock that is handed in. */
const socketMs = 15 * 60_000;
const mostResponse = 64 * 1024 * 1024;

/** Why the server let nobody in; `refused`: it knows the login and does not want it. */
export class ImapRefused extends Error {
  override readonly name = 'ImapRefused';
  readonly refused: boolean;
  constructor(message: string, refused: boolean, options?: ErrorOptions) {
    super(message, options);
    this.refused = refused;
  }
}

/** Contract: rejects with an ImapRefused whose message holds no secret. */
export async function openSession(deps: ImapDeps, server: MailServer, signal: AbortSignal): Promise<Session> {
  const { ImapFlow: Client } = await import('imapflow');
  const safety = safetyOf(server);
  const client = new Client({
    host: server.host,
    port: server.port,
    secure: safety === 'tls',
    ...(safety === 'tls' ? {} : { doSTARTTLS: safety === 'starttls' }),
    auth: { user: server.user, pass: server.password },
    disableAutoIdle: true,
    socketTimeout: socketMs,
    maxLiteralSize: mostResponse,
    maxResponseSize: mostResponse + 1024 * 1024,
    logger: false,
  });
  const ended = Promise.withResolvers<string>();
  client.on('error', (error: unknown) => ended.resolve(wordsOf(error)));
  let isOver = false;
  client.on('close', () => {
    isOver = true;
    ended.resolve(closedWords);
  });
  const over = (): void => client.close();
  signal.addEventListener('abort', over, { once: true });
  void ended.promise.then(() => signal.removeEventListener('abort', over));
  try {
    await within({ clock: deps.clock, ms: openMs, signal }, (both) =>
      orAborted(Promise.race([client.connect(), ended.promise.then(fail)]), both, silence),
    );
  } catch (error) {
    client.close();
    throw refusalOf(error, server);
  }
  const ask: Session['ask'] = async (run, limitMs = answerMs) => {
    // Of a closed mailbox imapflow says that nothing is in it.
    if (isOver) throw new Error(closedWords);
    try {
      return await within({ clock: deps.clock, ms: limitMs, signal }, (both) =>
        orAborted(run(client), both, silence),
      );
    } catch (error) {
      if (error instanceof Silence) client.close();
      throw error;
    }
  };
  return { client, ended: ended.promise, ask, close: over };
}

class Silence extends Error {
  override readonly name = 'Silence';
}

const silence = (): Silence => new Silence('the mail server is silent');

function fail(why: string): never {
  throw new Error(why);
}

function refusalOf(error: unknown, { host }: MailServer): ImapRefused {
  const isAuth = error instanceof Error && Reflect.get(error, 'authenticationFailed') === true;
  const code: unknown = error instanceof Error ? Reflect.get(error, 'serverResponseCode') : undefined;
  // A server that is busy says so with a code of its own: then the login may be good.
  const refused = isAuth && code !== 'UNAVAILABLE' && code !== 'INUSE' && code !== 'LIMIT';
  if (refused) return new ImapRefused(`${host} refuses the login of channels.email.imap`, true);
  return new ImapRefused(`no connection to ${host} (${wordsOf(error)})`, false);
}

/** Never what the server echoed of a command: a login stands in one. */
export function wordsOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  const words = messageOf(error).replaceAll(/\s+/g, ' ').slice(0, 200);
  return typeof code === 'string' && !words.includes(code) ? `${words}, ${code}` : words;
}

export interface Found {
  readonly uid: number;
  readonly bytes: number;
  /** When the server got it, in epoch ms. */
  readonly arrivedAt: number;
}

/** In the order of their uids. */
export async function listMails(session: Session, range: string): Promise<readonly Found[]> {
  const query = { uid: true, size: true, internalDate: true } as const;
  const all = await session.ask((client) => client.fetchAll(range, query, { uid: true }));
  return all.map(foundIn).toSorted((a, b) => a.uid - b.uid);
}

function foundIn({ uid, size, internalDate }: FetchMessageObject): Found {
  const arrivedAt = new Date(internalDate ?? 0).getTime();
  return { uid, bytes: size ?? 0, arrivedAt: Number.isFinite(arrivedAt) ? arrivedAt : 0 };
}

/** All of a mail, or only its header; null: it is gone; `refused`: the server does not hand it over. */
export async function sourceOf(
  session: Session,
  { uid, bytes }: Pick<Found, 'uid' | 'bytes'>,
  part: 'source' | 'headers',
): Promise<Uint8Array | 'refused' | null> {
  const query = part === 'source' ? { source: true } : { headers: true };
  const limitMs = answerMs + (part === 'source' ? bytes / slowestBytesPerMs : 0);
  try {
    const mail = await session.ask((client) => client.fetchOne(String(uid), query, { uid: true }), limitMs);
    return mail === false || mail === undefined ? null : (mail[part] ?? null);
  } catch (error) {
    const status: unknown = error instanceof Error ? Reflect.get(error, 'responseStatus') : undefined;
    if (status === 'NO' || status === 'BAD') return 'refused';
    throw error;
  }
}

/** The uids that fit. Rejects where the server does not search. */
export async function searchMails(session: Session, query: SearchObject): Promise<readonly number[]> {
  const found = await session.ask((client) => client.search(query, { uid: true }));
  if (found === false || found === undefined) throw new Error('the mail server does not search');
  return found;
}

/** Whether the mailbox takes keywords of ours. */
export function takesKeyword({ permanentFlags }: MailboxObject, keyword: string): boolean {
  return permanentFlags === undefined || permanentFlags.has('\\*') || permanentFlags.has(keyword);
}
