export interface MailServers {
  readonly imap: MailServer;
  readonly smtp: MailServer;
  /** What has to be done there before a program may log in. */
  readonly note: string | null;
}

export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; else STARTTLS. */
  readonly secure: boolean;
}

const tls = (host: string, port: number): MailServer => ({ host, port, secure: true });
const startTls = (host: string): MailServer => ({ host, port: 587, secure: false });
const imap = (host: string): MailServer => tls(host, 993);
const appPassword = (where: string): string =>
  `It wants an app password instead of your own (${where}); two-step login must be on.`;
const switchedOn = 'IMAP must be switched on in its settings on the web (POP3/IMAP).';

const microsoft =
  'Microsoft takes no passwords for IMAP and SMTP any more, only OAuth, which Tiro does not speak: expect it to refuse this one.';

interface Provider extends MailServers {
  readonly domains: readonly string[];
}

/** From the providers' own help pages, 2026. */
const providers: readonly Provider[] = [
  {
    domains: ['gmail.com', 'googlemail.com'],
    imap: imap('imap.gmail.com'),
    smtp: tls('smtp.gmail.com', 465),
    note: appPassword('https://myaccount.google.com/apppasswords'),
  },
  {
    domains: ['outlook.com', 'outlook.de', 'hotmail.com', 'live.com', 'msn.com'],
    imap: imap('outlook.office365.com'),
    smtp: startTls('smtp-mail.outlook.com'),
    note: microsoft,
  },
  {
    domains: ['office365.com', 'onmicrosoft.com'],
    imap: imap('outlook.office365.com'),
    smtp: startTls('smtp.office365.com'),
    note: microsoft,
  },
  {
    domains: ['icloud.com', 'me.com', 'mac.com'],
    imap: imap('imap.mail.me.com'),
    smtp: startTls('smtp.mail.me.com'),
    note: appPassword('https://account.apple.com, App-Specific Passwords'),
  },
  {
    domains: ['fastmail.com', 'fastmail.fm'],
    imap: imap('imap.fastmail.com'),
    smtp: tls('smtp.fastmail.com', 465),
    note: appPassword('Settings, Privacy & Security, with access to IMAP and SMTP'),
  },
  {
    domains: ['gmx.net', 'gmx.de', 'gmx.at', 'gmx.ch'],
    imap: imap('imap.gmx.net'),
    smtp: tls('mail.gmx.net', 465),
    note: switchedOn,
  },
  { domains: ['gmx.com'], imap: imap('imap.gmx.com'), smtp: tls('mail.gmx.com', 465), note: switchedOn },
  { domains: ['web.de'], imap: imap('imap.web.de'), smtp: startTls('smtp.web.de'), note: switchedOn },
  {
    domains: ['yahoo.com', 'yahoo.de', 'yahoo.co.uk', 'yahoo.fr', 'yahoo.it', 'ymail.com'],
    imap: imap('imap.mail.yahoo.com'),
    smtp: tls('smtp.mail.yahoo.com', 465),
    note: appPassword('Account Security, Generate app password'),
  },
  { domains: ['posteo.de', 'posteo.net'], imap: imap('posteo.de'), smtp: tls('posteo.de', 465), note: null },
  {
    domains: ['mailbox.org'],
    imap: imap('imap.mailbox.org'),
    smtp: tls('smtp.mailbox.org', 465),
    note: null,
  },
];

/** The servers of a well-known provider; null: another one, which must be asked for. */
export function serversOf(address: string): MailServers | null {
  const domain = domainOf(address);
  const isOf = (known: string): boolean => domain === known || domain.endsWith(`.${known}`);
  return providers.find(({ domains }) => domains.some(isOf)) ?? null;
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
