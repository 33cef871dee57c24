import type { Finding } from '#core/ports/adapter.ts';
import { messageOf } from '#core/errors.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { ImapRefused, openSession, sourceOf, takesKeyword, type Session } from './imap.ts';
import { readAuthResults } from './read/results.ts';
import { readHeaders } from './read/headers.ts';
import type { Resolve } from './read/proof.ts';
import { seenMark } from './receive.ts';
import { type EmailSettings, isOwn } from './settings.ts';
import { tryLogin } from './smtp.ts';

export interface CheckDeps {
  readonly clock: ClockPort;
  readonly resolve: Resolve;
  readonly heard: () => Heard;
}

/** What came in since the start. */
export interface Heard {
  readonly taken: number;
  /** Mails that carried a doubt, and the last of them. */
  readonly unheard: { readonly count: number; readonly at: number; readonly why: string } | null;
}

const lookedAt = 20;

/** What doctor says: does the server let us in, can it tell of mail, can we send, and can a sender be proven. */
export async function checkEmail(
  deps: CheckDeps,
  settings: EmailSettings,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const [mailbox, smtp, dns] = await Promise.all([
    checkMailbox(deps, settings, signal),
    checkSmtp(deps, settings, signal),
    settings.trustedAuthserv === null ? checkDns(deps, settings) : [],
  ]);
  return [...mailbox, ...smtp, ...dns, ...checkAddress(settings), ...unheard(deps.heard())];
}

const appPassword =
  'Many providers want an app password here, not that of the account: docs/channels/email.md says where to make one.';

async function checkMailbox(
  { clock }: CheckDeps,
  settings: EmailSettings,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { imap } = settings;
  let session: Session;
  try {
    session = await openSession({ clock }, imap, signal);
  } catch (error) {
    const refused = error instanceof ImapRefused && error.refused;
    const fix = refused
      ? `Check channels.email.imap.user and .password. ${appPassword}`
      : 'Check channels.email.imap.host and .port, and the network. `secure: false` needs a server that offers STARTTLS.';
    return [fail(`The mailbox cannot be opened: ${messageOf(error)}.`, fix)];
  }
  try {
    const mailbox = await session.ask((client) => client.mailboxOpen('INBOX'));
    const findings = [ok(`The mailbox is open: INBOX holds ${mailbox.exists} mails.`)];
    if (!session.client.capabilities.has('IDLE')) {
      findings.push(
        warn(
          'The server cannot tell of new mail (IDLE): it is looked for every 3 minutes.',
          'Nothing needs to be done.',
        ),
      );
    }
    if (!takesKeyword(mailbox, seenMark)) {
      findings.push(
        warn('The server takes no keywords, so read mail carries no mark.', 'Nothing needs to be done.'),
      );
    }
    const sent = await sentFinding(session, settings);
    const server =
      settings.trustedAuthserv === null
        ? []
        : await serverFinding(session, mailbox.exists, settings.trustedAuthserv);
    return [...findings, sent, ...server];
  } catch (error) {
    return [fail(`The mailbox cannot be read: ${messageOf(error)}.`, 'Check that the account may use IMAP.')];
  } finally {
    session.close();
  }
}

async function sentFinding(session: Session, { sentFolder }: EmailSettings): Promise<Finding> {
  const folders = await session.ask((client) => client.list());
  const found = folders.find(({ path, specialUse }) =>
    sentFolder === null ? specialUse === '\\Sent' : path === sentFolder,
  );
  if (found !== undefined) return ok(`Copies of what is sent are kept in ${found.path}.`);
  return warn(
    'There is no folder for sent mail, so after a crash it is not known what had been sent.',
    `Set channels.email.sentFolder to one of: ${folders
      .slice(0, 12)
      .map(({ path }) => path)
      .join(', ')}.`,
  );
}

/** Whose results stand on top of the latest mails. */
async function serverFinding(session: Session, exists: number, trusted: string): Promise<readonly Finding[]> {
  if (exists === 0) return [];
  const mails = await session.ask((client) =>
    client.fetchAll(`${Math.max(1, exists - lookedAt + 1)}:*`, { uid: true }),
  );
  const seen = new Set<string>();
  let vouched = 0;
  for (const { uid } of mails) {
    const header = await sourceOf(session, { uid, bytes: 0 }, 'headers');
    const top =
      header === null || header === 'refused' ? null : readHeaders(header).get('authentication-results');
    if (top === null) continue;
    const server = readAuthResults(top)?.server ?? 'one that cannot be read';
    seen.add(server);
    if (server === trusted.toLowerCase()) vouched += 1;
  }
  if (seen.size === 0) {
    const fix = 'Take channels.email.trustedAuthserv out: then signatures are checked here.';
    return [
      fail(
        `None of the last ${mails.length} mails carries Authentication-Results: nobody would be heard.`,
        fix,
      ),
    ];
  }
  // Anybody can write such a field into one mail; the server writes it into each.
  if (2 * vouched > mails.length) return [ok(`The mail server vouches for senders as ${trusted}.`)];
  const fix = `If one of these is your own mail server, write it into channels.email.trustedAuthserv: ${[...seen].slice(0, 5).join(', ')}. Else take the key out.`;
  return [
    fail(
      `${vouched === 0 ? 'None' : `Only ${vouched}`} of the last ${mails.length} mails carries results of ${trusted} on top: ${vouched === 0 ? 'nobody' : 'nobody else'} would be heard.`,
      fix,
    ),
  ];
}

async function checkSmtp(
  { clock }: CheckDeps,
  { smtp }: EmailSettings,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const why = await tryLogin({ clock }, smtp, signal);
  if (why === null) return [ok(`${smtp.host} takes mail from us.`)];
  const fix = why.includes('refuses the login')
    ? `Check channels.email.smtp.user and .password. ${appPassword}`
    : 'Check channels.email.smtp.host, .port and .secure (465: true; 587: false, which is STARTTLS), and the network.';
  return [fail(`No mail can be sent: ${why}.`, fix)];
}

async function checkDns({ resolve }: CheckDeps, { address }: EmailSettings): Promise<readonly Finding[]> {
  const domain = address.slice(address.indexOf('@') + 1);
  try {
    await resolve(domain, 'MX');
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (code !== 'ENOTFOUND' && code !== 'ENODATA') {
      const fix =
        'Signatures are checked by DNS: check the resolver of this machine, or set channels.email.trustedAuthserv.';
      return [fail(`DNS cannot be asked (${messageOf(error).slice(0, 100)}): no sender can be proven.`, fix)];
    }
  }
  return [ok('Senders are proven by their DKIM signature, which is checked here.')];
}

function checkAddress({ address, imap, smtp }: EmailSettings): readonly Finding[] {
  const users = [imap.user, smtp.user].map((user) => user.toLowerCase()).filter((user) => user.includes('@'));
  if (users.every((user) => isOwn(user, address))) return [];
  const what = `The address ${address} is not the name of the login (${users.join(', ')}).`;
  return [
    warn(
      what,
      'If mail to the address does not come into this mailbox, or may not be sent from it, change channels.email.address.',
    ),
  ];
}

/** Lists and spam are always among them; that nothing else comes in is odd. */
function unheard({ taken, unheard: last }: Heard): readonly Finding[] {
  if (last === null) return [];
  const count = `${last.count} mails were not heard since the start`;
  const why = `the last, at ${new Date(last.at).toISOString()}: ${last.why}.`;
  if (taken > 0) return [ok(`${count}; ${why}`)];
  const fix =
    'docs/channels/email.md, “Whose word counts”, says what proves a sender, and “What goes wrong” what helps.';
  return [warn(`${count}, and no other came; ${why}`, fix)];
}

function ok(what: string): Finding {
  return { level: 'ok', what, fix: null };
}

function warn(what: string, fix: string): Finding {
  return { level: 'warn', what, fix };
}

function fail(what: string, fix: string): Finding {
  return { level: 'fail', what, fix };
}
