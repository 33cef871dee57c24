import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Need, needs } from '#test/house/requirement.ts';
import { until } from '#test/until.ts';

export const password = 'secret-password-of-the-mailbox';
/** Who its processes are: no system account is needed. */
const nobody = { uid: 65_534, gid: 65_534 };
/** The uidValidity of every INBOX. */
export const firstValidity = 1_700_000_000;
const folderOf = { INBOX: '.', Sent: '.Sent' } as const;

/** A real Dovecot on a loopback port: IMAP with IDLE; every user name with the one password has a mailbox. */
export interface Dovecot extends AsyncDisposable {
  readonly imapPort: number;
  /** As a mail server puts it there. `at`: when it came (epoch ms). Returns the name of its file. */
  put(user: string, raw: string | Buffer, at?: number): string;
  mails(user: string, folder: keyof typeof folderOf): readonly string[];
  /** How many mails of the INBOX carry the keyword. */
  marked(user: string, keyword: string): number;
  /** The names of their files. */
  filesWith(user: string, keyword: string): readonly string[];
  /** The mailbox is as new: its mails are numbered anew. */
  renumber(user: string): void;
  close(): Promise<void>;
}

/** For `skip` of a test. */
export function needsDovecot(): Need {
  const isRoot = process.getuid?.() === 0;
  const isThere = spawnSync('dovecot', ['--version']).status === 0;
  return needs({
    name: isThere ? 'The right to start Dovecot (root)' : 'Dovecot',
    present: isRoot && isThere,
    enable: isThere ? 'running the tests as root' : 'apt-get install dovecot-imapd',
  });
}

export async function startDovecot(): Promise<Dovecot> {
  const base = mkdtempSync(join(tmpdir(), 'tiro-dovecot-'));
  // Its processes run as nobody.
  chmodSync(base, 0o755);
  ownFolder(join(base, 'mail'));
  const imapPort = await freePort();
  writeFileSync(join(base, 'dovecot.conf'), configOf(base, imapPort));
  const child = spawn('dovecot', ['-F', '-c', join(base, 'dovecot.conf')], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  let count = 0;
  const home = (user: string): string => {
    const folder = join(base, 'mail', user);
    if (filesIn(folder).length > 0) return folder;
    for (const name of ['', 'cur', 'new', 'tmp']) ownFolder(join(folder, name));
    number(folder, firstValidity);
    return folder;
  };
  const filesWith = (user: string, keyword: string): readonly string[] => {
    const folder = join(base, 'mail', user);
    const line = readIfThere(join(folder, 'dovecot-keywords'))
      .split('\n')
      .find((one) => one.endsWith(` ${keyword}`));
    if (line === undefined) return [];
    const letter = String.fromCodePoint(97 + Number.parseInt(line, 10));
    return filesIn(join(folder, 'cur'))
      .map((name) => name.split(':2,'))
      .flatMap(([name = '', flags = '']) => (flags.includes(letter) ? [name] : []));
  };
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(base, { recursive: true, force: true });
  };
  try {
    await until('Dovecot listens', () => accepts(imapPort));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    imapPort,
    put: (user, raw, at = Date.now()) => {
      count += 1;
      const name = `1700000000.M${String(count).padStart(6, '0')}P1.test`;
      const folder = home(user);
      const file = join(folder, 'tmp', name);
      writeFileSync(file, raw);
      chownSync(file, nobody.uid, nobody.gid);
      utimesSync(file, at / 1_000, at / 1_000);
      renameSync(file, join(folder, 'new', name));
      return name;
    },
    mails: (user, folder) =>
      ['cur', 'new'].flatMap((part) => {
        const path = join(base, 'mail', user, folderOf[folder], part);
        return filesIn(path).map((name) => readFileSync(join(path, name), 'utf8'));
      }),
    marked: (user, keyword) => filesWith(user, keyword).length,
    filesWith,
    renumber: (user) => {
      const folder = home(user);
      for (const name of filesIn(folder))
        if (/^dovecot\.(?:list\.)?index/.test(name)) rmSync(join(folder, name));
      number(folder, firstValidity + 1);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The uidValidity of an INBOX, and that no mail of it has a number yet. */
function number(folder: string, validity: number): void {
  const file = join(folder, 'dovecot-uidlist');
  writeFileSync(
    file,
    `3 V${validity} N1 G${createHash('md5').update(`${folder}${validity}`).digest('hex')}\n`,
  );
  chownSync(file, nobody.uid, nobody.gid);
}

function ownFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  chownSync(path, nobody.uid, nobody.gid);
}

function filesIn(path: string): readonly string[] {
  try {
    return readdirSync(path).toSorted();
  } catch {
    return []; // not there yet
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // not there yet
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Written for Dovecot 2.3 of Debian: one password for every name, plain IMAP on loopback. */
function configOf(base: string, imapPort: number): string {
  return `
protocols = imap
listen = 127.0.0.1
base_dir = ${base}/run
log_path = ${base}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
first_valid_uid = 0
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
mail_uid = nobody
mail_gid = nogroup
mail_location = maildir:${base}/mail/%u
mail_max_userip_connections = 100
mailbox_idle_check_interval = 1 secs
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=${base}/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${imapPort}
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
  # Wrong passwords are no reason to wait.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
namespace inbox {
  inbox = yes
  mailbox Sent {
    special_use = \\Sent
    auto = subscribe
  }
}
`;
}
