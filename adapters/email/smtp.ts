import { Readable } from 'node:stream';
import type { SendResult } from '#core/delivery.ts';
import { messageOf } from '#core/errors.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { type MailServer, safetyOf } from './settings.ts';

export interface Letter {
  readonly from: string;
  readonly to: string;
  /** The whole mail, with CRLF. */
  readonly raw: Buffer;
  /** Its Message-ID in brackets: what it is called afterwards. */
  readonly messageId: string;
}

/** What became of it. `refused`: the server does not want our login; the mail did not leave. */
export type Posted = SendResult | { readonly ok: false; readonly refused: string };

const postMs = 120_000;
/** Limits of the client itself, as a last resort; ours is kept by the clock that is handed in. */
const lastResortMs = 10 * 60_000;
const tooFastMs = 60_000;
const tooManyMs = 3_600_000;

type Stage = 'before' | 'data';

/**
 * One mail over one connection: connect, (STARTTLS), log in, envelope, data. Never throws. What breaks before the data goes
 * surely was not accepted; what breaks after it without an answer is unknown.
 */
export async function post(
  deps: { readonly clock: Pick<ClockPort, 'after'> },
  server: MailServer,
  { signal, ...letter }: Letter & { readonly signal: AbortSignal },
): Promise<Posted> {
  if (signal.aborted) return transient('stopped before it began');
  const line = await openLine(server);
  const over = Promise.withResolvers<never>();
  const stop = (): void => over.reject(new Error('stopped while waiting for the answer'));
  const cancel = deps.clock.after(postMs, () => over.reject(new Error('the mail server is silent')));
  signal.addEventListener('abort', stop, { once: true });
  let stage: Stage = 'before';
  try {
    await Promise.race([converse(line, letter, () => (stage = 'data')), over.promise]);
    return { ok: true, platformId: letter.messageId };
  } catch (error) {
    return resultOf(error, stage, server);
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
    line.close();
  }
}

/** Whether the server takes our login; null: it does. Never throws. */
export async function tryLogin(
  deps: { readonly clock: Pick<ClockPort, 'after'> },
  server: MailServer,
  signal: AbortSignal,
): Promise<string | null> {
  const line = await openLine(server);
  const over = Promise.withResolvers<never>();
  const stop = (): void => over.reject(new Error('stopped'));
  const cancel = deps.clock.after(postMs, stop);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([line.login(), over.promise]);
    return null;
  } catch (error) {
    const result = resultOf(error, 'before', server);
    if (result.ok) return null;
    return 'refused' in result ? result.refused : result.error.reason;
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
    line.close();
  }
}

interface Line {
  /** Resolves when the server has let us in. */
  login(): Promise<void>;
  send(letter: Letter, message: Readable): Promise<void>;
  close(): void;
}

async function openLine(server: MailServer): Promise<Line> {
  const { default: SmtpConnection } = await import('nodemailer/lib/smtp-connection');
  const safety = safetyOf(server);
  const connection = new SmtpConnection({
    host: server.host,
    port: server.port,
    secure: safety === 'tls',
    requireTLS: safety === 'starttls',
    ignoreTLS: safety === 'loopback',
    connectionTimeout: lastResortMs,
    greetingTimeout: lastResortMs,
    socketTimeout: lastResortMs,
    logger: false,
  });
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  connection.on('error', (error) => broken.reject(error));
  connection.on('end', () => broken.reject(new Error('the mail server closed the connection')));
  const call = (run: (done: (error?: Error | null) => void) => void): Promise<void> =>
    Promise.race([
      new Promise<void>((resolve, reject) => {
        run((error) => (error === undefined || error === null ? resolve() : reject(error)));
      }),
      broken.promise,
    ]);
  const { user, password } = server;
  return {
    login: async () => {
      await call((done) => connection.connect(done));
      await call((done) => connection.login({ credentials: { user, pass: password } }, done));
    },
    send: ({ from, to, raw }, message) =>
      call((done) => connection.send({ from, to: [to], size: raw.length }, message, (error) => done(error))),
    close: () => connection.close(),
  };
}

async function converse(line: Line, letter: Letter, onData: () => void): Promise<void> {
  await line.login();
  // Read only when the server has asked for the data: from then on it may have the mail.
  const message = new Readable({
    read() {
      onData();
      this.push(letter.raw);
      this.push(null);
    },
  });
  await line.send(letter, message);
}

function resultOf(error: unknown, stage: Stage, { host }: MailServer): Posted {
  const status = numberOf(error, 'responseCode');
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (status === null) {
    const why =
      error instanceof Error && error.message === 'stopped while waiting for the answer'
        ? error.message
        : wordsOf(error, code);
    if (stage === 'data') return unknown(`the connection to ${host} broke before its answer (${why})`);
    if (code === 'EMESSAGE') return permanent(`${host} takes no mail of this size`);
    return transient(`no connection to ${host} (${why})`);
  }
  const said = answerOf(error);
  if (code === 'EAUTH' || status === 530 || status === 535) {
    if (status >= 500)
      return { ok: false, refused: `${host} refuses the login of channels.email.smtp (${status})` };
    return transient(`${host} cannot check the login now (${status})`);
  }
  if (isPace(status, said)) {
    const retryAfterMs = status >= 500 ? tooManyMs : tooFastMs;
    return { ok: false, error: { type: 'rate-limited', retryAfterMs, reason: `${host}: ${said}` } };
  }
  // Before the envelope it is about us and the server, not about this mail.
  const command: unknown = error instanceof Error ? Reflect.get(error, 'command') : undefined;
  const isOfMail = typeof command === 'string' && /^(?:MAIL|RCPT|DATA)/.test(command);
  if (status >= 500 && isOfMail) return permanent(`${wordsFor(status)}${host} says: ${said}`);
  return transient(`${host} says: ${said}`);
}

/** Too many or too fast, as the larger providers say it. */
function isPace(status: number, said: string): boolean {
  const words = /too many|too fast|rate.?limit|throttl|sending (?:limit|quota)|slow down|try again in/i;
  return (
    (status < 500 && words.test(said)) || (status >= 500 && /5\.4\.5|sending (?:limit|quota)/i.test(said))
  );
}

function wordsFor(status: number): string {
  if (status === 550 || status === 551 || status === 553) return 'the address takes no mail: ';
  return status === 552 ? 'the mail is too large or the mailbox is full: ' : '';
}

/** What the server answered, on one line. It may hold our words, never the login: that is asked for before. */
function answerOf(error: unknown): string {
  const response: unknown = error instanceof Error ? Reflect.get(error, 'response') : undefined;
  return (typeof response === 'string' ? response : messageOf(error))
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .slice(0, 300);
}

function wordsOf(error: unknown, code: unknown): string {
  return `${messageOf(error).replaceAll(/\s+/g, ' ').slice(0, 160)}${typeof code === 'string' ? `, ${code}` : ''}`;
}

function numberOf(error: unknown, key: string): number | null {
  const value: unknown = error instanceof Error ? Reflect.get(error, key) : undefined;
  return typeof value === 'number' && value > 0 ? value : null;
}

function transient(reason: string): SendResult {
  return { ok: false, error: { type: 'transient', reason } };
}

function permanent(reason: string): SendResult {
  return { ok: false, error: { type: 'permanent', reason } };
}

function unknown(reason: string): SendResult {
  return { ok: false, error: { type: 'unknown', reason } };
}
