import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '#core/errors.ts';
import { isLoopbackHost } from '#lib/text/host.ts';
import type { Probe, ProbeDeps } from '../../probe.ts';
import type { MailServer } from './providers.ts';

const answerMs = 10_000;
const longestLine = 4_096;

interface Protocol {
  readonly greets: RegExp;
  /** Asks for encryption: what is said, and the line that agrees to it. */
  readonly startTls: readonly (readonly [said: string, answered: RegExp])[];
}

const protocols: Readonly<Record<'imap' | 'smtp', Protocol>> = {
  imap: { greets: /^\* OK/i, startTls: [['t1 STARTTLS', /^t1 OK/i]] },
  smtp: {
    greets: /^220 /,
    startTls: [
      ['EHLO localhost', /^250 /],
      ['STARTTLS', /^220 /],
    ],
  },
};

/**
 * Is there a mail server that greets, over TLS with a certificate that is its own? Nobody logs in: the password stays here.
 * A server of this machine may do without TLS where `secure` is false, as for the adapter.
 */
export async function greet(
  { clock }: Pick<ProbeDeps, 'clock'>,
  kind: 'imap' | 'smtp',
  server: MailServer,
): Promise<Probe<null>> {
  const { host, port, secure } = server;
  const where = `${host}:${port}`;
  const sockets: Socket[] = [];
  const late = new AbortController();
  const cancel = clock.after(answerMs, () => {
    late.abort();
    for (const socket of sockets) socket.destroy();
  });
  try {
    const { greets, startTls } = protocols[kind];
    const servername = /^[\d.:[\]]+$/.test(host) ? '' : host;
    const socket = secure ? connectTls({ host, port, servername }) : connectPlain({ host, port });
    sockets.push(socket);
    await hears(socket, greets);
    if (secure || isLoopbackHost(host)) return { ok: true, value: null };
    for (const [said, answered] of startTls) {
      socket.write(`${said}\r\n`);
      await hears(socket, answered);
    }
    const encrypted = connectTls({ socket, host, servername });
    sockets.push(encrypted);
    await opens(encrypted, 'secureConnect');
    return { ok: true, value: null };
  } catch (error) {
    return {
      ok: false,
      why: late.signal.aborted ? `${where} did not answer in time.` : inWords(where, error),
    };
  } finally {
    cancel();
    for (const socket of sockets) socket.destroy();
  }
}

/** It talks, but not as such a server does. */
class OtherWords extends Error {}

/** Resolves at the first line that fits; rejects at a last line (no `-` behind the number) of a refusal. */
function hears(socket: Socket, expected: RegExp): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let text = '';
  const onData = (piece: Buffer): void => {
    text += piece.toString('latin1');
    const lines = text.split('\r\n').slice(0, -1);
    if (lines.some((line) => expected.test(line))) resolve();
    else if (
      text.length > longestLine ||
      lines.some((line) => /^(?:[45]\d\d |t1 (?:NO|BAD)|\* BYE)/i.test(line))
    ) {
      reject(new OtherWords());
    }
  };
  socket.on('data', onData);
  socket.once('error', reject);
  socket.once('close', () => reject(new OtherWords()));
  return promise.finally(() => socket.off('data', onData));
}

function opens(socket: Socket, event: 'secureConnect'): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once(event, () => resolve());
  socket.once('error', reject);
  socket.once('close', () => reject(new OtherWords()));
  return promise;
}

function inWords(where: string, error: unknown): string {
  if (error instanceof OtherWords) {
    return `${where} does not greet as a mail server with TLS does. Is it the right port? 993 and 465 are TLS (secure: true), 143 and 587 are STARTTLS (secure: false).`;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `${where}: there is no server of this name, or no network.`;
  if (code === 'ECONNREFUSED') return `Nothing listens at ${where}.`;
  if (code.startsWith('ERR_SSL'))
    return `${where} speaks no TLS from the first byte: with STARTTLS it is secure=false.`;
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code)) {
    return `${where} shows a certificate that is not trusted (${code}).`;
  }
  return `${where} cannot be reached: ${messageOf(error)}`;
}
