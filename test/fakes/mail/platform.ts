import type { FakePlatform } from '../platform.ts';
import { password, startDovecot } from './dovecot.ts';
import { type MailTrouble, startExchanger } from './exchanger.ts';
import { authserv, letter } from './letter.ts';

const troubles = { 'rate-limited': 'too-fast', 'server-error': 'busy', hang: 'hang' } as const;

/** Mail as suites see it that know no platform. Person 0 is person0@x.test; each has one thread with the bot. */
export async function startMailPlatform(): Promise<FakePlatform> {
  const dovecot = await startDovecot();
  const exchanger = await startExchanger();
  const address = (person: number): string => `person${person}@x.test`;
  const root = (person: number): string => `<root-of-${person}@x.test>`;
  let count = 0;
  const portOf = (url: string): string => new URL(url).port;
  return {
    name: 'email',
    url: `imap://127.0.0.1:${dovecot.imapPort}`,
    further: [`smtp://127.0.0.1:${exchanger.port}`],
    config: (url, [smtp = ''] = []) => {
      const server = (port: string): string =>
        `{ host: 127.0.0.1, port: ${port}, secure: false, user: bot, password: "${password}" }`;
      return `{ address: bot@local.test, imap: ${server(portOf(url))}, smtp: ${server(portOf(smtp))}, trustedAuthserv: ${authserv}, mostPerHour: 10000 }`;
    },
    identity: (person) => `email:${address(person)}`,
    chat: (person) => ({ channel: 'email', chat: address(person), thread: root(person).slice(1, -1) }),
    say: (person, text, at = Date.now()) => {
      count += 1;
      const raw = letter({
        from: `Person <${address(person)}>`,
        text,
        messageId: `<mail-${count}@x.test>`,
        date: new Date(at).toUTCString(),
        headers: [`References: ${root(person)}`, `In-Reply-To: ${root(person)}`],
      });
      dovecot.put('bot', raw, at);
      return () => dovecot.put('bot', raw, at);
    },
    sayInGroup: () => {
      throw new Error('Mail has no groups.');
    },
    shown: (person) => exchanger.taken.filter(({ to }) => to === address(person)).map(({ text }) => text),
    shownInGroup: () => [],
    trouble: (kind) => {
      const met: MailTrouble | null = kind === null ? null : troubles[kind];
      exchanger.trouble = met;
    },
    sendCalls: exchanger.calls,
    close: async () => {
      await exchanger.close();
      await dovecot.close();
    },
  };
}
