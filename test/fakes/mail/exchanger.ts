import { once } from 'node:events';
import { domainToASCII } from 'node:url';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { password } from './dovecot.ts';

/** A mail that it took. */
export interface Taken {
  readonly at: number;
  readonly to: string;
  /** As it came over the wire. */
  readonly raw: string;
  /** Its text part, without the line break at its end. */
  readonly text: string;
  /** Set by whoever wants to know when its answer was written. */
  onAnswered?: (at: number) => void;
}

/**
 * What a mail meets. busy: 451 to its recipient; too-fast: 450; unknown-address: 550; too-large: 552 after the data; drop:
 * it is taken, and the connection ends without an answer; hang: it is taken, and there is no answer; refused-login: 535.
 */
export type MailTrouble =
  | 'busy'
  | 'too-fast'
  | 'unknown-address'
  | 'too-large'
  | 'drop'
  | 'hang'
  | 'refused-login';

/** An outgoing mail server on a loopback port. */
export interface Exchanger extends AsyncDisposable {
  readonly port: number;
  readonly taken: readonly Taken[];
  /** Mails that were begun (MAIL FROM). */
  calls(): number;
  /** Mails that are there and have no answer. */
  hanging(): number;
  logins(): number;
  failNext(trouble: MailTrouble): void;
  /** For all from now on. */
  trouble: MailTrouble | null;
  latencyMs: number;
  close(): Promise<void>;
}

const answers = {
  busy: [451, '4.3.0 try later'],
  'too-fast': [450, '4.7.1 too many mails, slow down'],
  'unknown-address': [550, '5.1.1 no such user'],
  'too-large': [552, '5.3.4 too big'],
  'refused-login': [535, '5.7.8 bad credentials'],
} as const;

interface State {
  readonly taken: Taken[];
  readonly next: MailTrouble[];
  readonly open: Set<() => void>;
  calls: number;
  logins: number;
}

/** `onTaken` is told of each mail before it is answered. */
export async function startExchanger(onTaken: (mail: Taken) => void = () => undefined): Promise<Exchanger> {
  const state: State = { taken: [], next: [], open: new Set(), calls: 0, logins: 0 };
  const meets = (): MailTrouble | null => state.next[0] ?? exchanger.trouble;
  const met = (...kinds: MailTrouble[]): MailTrouble | null => {
    const kind = meets();
    if (kind === null || !kinds.includes(kind)) return null;
    state.next.shift();
    return kind;
  };
  const refuse = (kind: keyof typeof answers): Error => {
    const [responseCode, message] = answers[kind];
    return Object.assign(new Error(message), { responseCode });
  };
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    closeTimeout: 50,
    disableReverseLookup: true,
    logger: false,
    onAuth: (auth, _session, done) => {
      state.logins += 1;
      if (met('refused-login') !== null || auth.password !== password) return done(refuse('refused-login'));
      return done(null, { user: auth.username });
    },
    onMailFrom: (_address, _session, done) => {
      state.calls += 1;
      done();
    },
    onRcptTo: (_address, _session, done) => {
      const kind = met('busy', 'too-fast', 'unknown-address');
      if (kind === 'busy' || kind === 'too-fast' || kind === 'unknown-address') return done(refuse(kind));
      return done();
    },
    onData: (stream, session, done) => {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        void take(
          Buffer.concat(pieces),
          session.envelope.rcptTo.map(({ address }) => address),
          done,
        );
      });
    },
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const bound = server.server.address();
  const close = async (): Promise<void> => {
    for (const end of state.open) end();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  const exchanger: Exchanger = {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    taken: state.taken,
    calls: () => state.calls,
    hanging: () => state.open.size,
    logins: () => state.logins,
    failNext: (kind) => void state.next.push(kind),
    trouble: null,
    latencyMs: 0,
    close,
    [Symbol.asyncDispose]: close,
  };
  return exchanger;

  async function take(
    raw: Buffer,
    to: readonly string[],
    done: (error?: Error | null, message?: string) => void,
  ): Promise<void> {
    if (met('too-large') !== null) return done(refuse('too-large'));
    const at = Date.now();
    const { text = '' } = await simpleParser(raw);
    const kind = met('drop', 'hang');
    const mail: Taken = {
      at,
      to: to.map(asSent).join(),
      raw: raw.toString(),
      text: text.replace(/\n+$/, ''),
    };
    // One that hangs is not shown: its receiver never gets it.
    if (kind !== 'hang') {
      state.taken.push(mail);
      onTaken(mail);
    }
    if (kind === 'drop') {
      for (const connection of server.connections) connection.close();
      return;
    }
    if (kind === 'hang') {
      state.open.add(() => done());
      return;
    }
    if (exchanger.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, exchanger.latencyMs));
    done(null, 'queued');
    mail.onAnswered?.(Date.now());
  }
}

/** smtp-server decodes punycode. */
function asSent(address: string): string {
  const at = address.lastIndexOf('@') + 1;
  return `${address.slice(0, at)}${domainToASCII(address.slice(at))}`;
}
