import { generateKeyPairSync } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { until } from '#test/until.ts';
import {
  type Dovecot,
  firstValidity,
  needsDovecot,
  password,
  startDovecot,
} from '#test/fakes/mail/dovecot.ts';
import { startExchanger } from '#test/fakes/mail/exchanger.ts';
import { authserv, letter } from '#test/fakes/mail/letter.ts';
import { startProxy } from '#test/fakes/proxy/index.ts';
import {
  createHastyClock,
  createTestDeps,
  createTestLog,
  createTestSink,
  type SinkFaults,
  type TestLog,
  type TestSink,
} from '#test/fakes/sink.ts';
import { type Session, listMails, openSession, searchMails, sourceOf } from './imap.ts';
import { buildEmail } from './index.ts';
import type { Resolve } from './read/proof.ts';
import { seenMark } from './receive.ts';

const need = needsDovecot();
let dovecot: Dovecot;
let mailboxes = 0;

beforeAll(async () => {
  if (!need.skip) dovecot = await startDovecot();
});
afterAll(async () => {
  if (!need.skip) await dovecot.close();
});
beforeEach(({ skip }) => skip(need.skip, need.reason));

interface Setup extends SinkFaults {
  readonly user?: string;
  readonly port?: number;
  readonly settings?: object;
  readonly resolve?: Resolve;
  readonly now?: () => number;
}

interface Running {
  readonly user: string;
  readonly adapter: AdapterPort;
  readonly sink: TestSink;
  readonly log: TestLog;
  readonly slept: readonly number[];
  put(raw: string, at?: number): void;
  texts(): readonly string[];
  stop(): Promise<void>;
}

/** The adapter on a mailbox of its own, up. */
async function run(setup: Setup = {}): Promise<Running> {
  mailboxes += 1;
  const { user = `box${mailboxes}`, port = dovecot.imapPort, now = Date.now } = setup;
  const server = { host: '127.0.0.1', port, secure: false, user, password };
  const clock = createHastyClock(now);
  const log = createTestLog();
  const deps = {
    ...createTestDeps(log, clock),
    ...(setup.resolve === undefined ? {} : { resolve: setup.resolve }),
  };
  const settings = {
    address: 'bot@local.test',
    imap: server,
    smtp: server,
    trustedAuthserv: authserv,
    ...setup.settings,
  };
  const adapter = buildEmail(deps, settings);
  const sink = createTestSink(setup);
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    await ended;
    await adapter.close();
  };
  onTestFinished(stop);
  await until('it is up or refused', () => sink.states.length > 0);
  return {
    user,
    adapter,
    sink,
    log,
    slept: clock.slept,
    put: (raw, at) => dovecot.put(user, raw, at),
    texts: () => sink.events.map(({ text }) => text),
    stop,
  };
}

const isUp = ({ sink }: Running): boolean => sink.states.at(-1)?.state === 'up';

async function signedLetter(domainName = 'x.test'): Promise<string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const dkim = { domainName, keySelector: 's1', privateKey: pem };
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'crlf', dkim });
  const words = { from: `ann@${domainName}`, to: 'bot@local.test', subject: 's', text: 'waits' };
  const { message } = await transport.sendMail(words);
  if (!Buffer.isBuffer(message)) throw new Error('No buffer.');
  return message.toString();
}

describe('which mail is read', () => {
  test('a first start begins with what has just come: older mail is left alone', async () => {
    const user = 'first';
    dovecot.put(user, letter({ text: 'old' }), Date.now() - 3_600_000);
    dovecot.put(user, letter({ text: 'just now' }), Date.now() - 60_000);
    const running = await run({ user });
    running.put(letter({ text: 'new' }));
    await until('both are marked', () => dovecot.marked(user, seenMark) === 2);
    expect(running.texts()).toEqual(['just now', 'new']);
  });

  test('an empty mailbox: the first mail of all is read', async () => {
    const running = await run();
    running.put(letter({ text: 'the very first' }));
    await until('it is read', () => running.texts().length > 0);
    expect(running.texts()).toEqual(['the very first']);
  });

  test('mail that came while nobody was there is read in its order, once', async () => {
    const before = await run();
    before.put(letter({ text: 'one' }));
    await until('one is stored', () => before.sink.events.length === 1);
    await before.stop();
    for (const text of ['two', 'three', 'four']) before.put(letter({ text }));
    const after = await run({ user: before.user, cursor: before.sink.cursorText() });
    await until('all are read', () => after.texts().length === 3);
    expect(after.texts()).toEqual(['two', 'three', 'four']);
    await until('all are marked', () => dovecot.marked(before.user, seenMark) === 4);
  });

  test('numbered anew: all of the last week is looked at again, and carries the same ids', async () => {
    const before = await run();
    before.put(letter({ text: 'one', messageId: '<one@x.test>' }));
    await until('it is stored', () => before.sink.events.length === 1);
    await before.stop();
    dovecot.renumber(before.user);
    before.put(letter({ text: 'two' }));
    const after = await run({ user: before.user, cursor: before.sink.cursorText() });
    await until('both are offered', () => after.texts().length === 2);
    expect(after.sink.events[0]?.platformId).toBe(before.sink.events[0]?.platformId);
    expect(after.sink.cursorText()).toContain(String(firstValidity + 1));
  });

  test('a mail whose sender cannot be proven for want of DNS waits, and holds up no other', async () => {
    let isBroken = true;
    const resolve: Resolve = async (name) => {
      const code = isBroken ? 'ESERVFAIL' : 'ENOTFOUND';
      throw Object.assign(new Error(`${code} ${name}`), { code });
    };
    let now = Date.now();
    const setup = { resolve, settings: { trustedAuthserv: null }, now: () => now };
    const running = await run(setup);
    running.put(await signedLetter(), now);
    running.put(letter({ text: 'not signed' }), now);
    await until('the other is refused', () => running.sink.events.length === 1);
    expect(running.sink.cursorText()).toContain('"later":[{"uid":1');
    await running.stop();
    isBroken = false;
    now += 60_000;
    const after = await run({ ...setup, user: running.user, cursor: running.sink.cursorText() });
    await until('it is decided', () => after.sink.events.length === 1);
    expect(after.sink.events[0]?.doubt).toContain('not proven');
    expect(after.sink.cursorText()).toContain('"later":[]');
  });

  test('what waits for DNS is asked about when what is new has been read', async () => {
    const asked: string[] = [];
    const resolve: Resolve = async (name) => {
      asked.push(name);
      throw Object.assign(new Error(`ESERVFAIL ${name}`), { code: 'ESERVFAIL' });
    };
    const setup = { resolve, settings: { trustedAuthserv: null } };
    const before = await run(setup);
    before.put(await signedLetter());
    await until('it waits', () => before.sink.cursorText()?.includes('"later":[{"uid":1') === true);
    await before.stop();
    before.put(await signedLetter('new.test'));
    asked.length = 0;
    await run({ ...setup, user: before.user, cursor: before.sink.cursorText() });
    await until('both are asked about', () => asked.length >= 2);
    expect(asked.slice(0, 2)).toEqual(['s1._domainkey.new.test', 's1._domainkey.x.test']);
  });

  test('a mail that the server shows late, under a lower number, is read with the next connection', async () => {
    const before = await run();
    before.put(letter({ text: 'one' }));
    await until('it is marked', () => dovecot.marked(before.user, seenMark) === 1);
    await before.stop();
    before.put(letter({ text: 'late' }));
    const cursor = (before.sink.cursorText() ?? '').replace('"uid":1', '"uid":2');
    const after = await run({ user: before.user, cursor });
    await until('it is marked', () => dovecot.marked(before.user, seenMark) === 2);
    expect([after.texts(), after.sink.cursorText()]).toEqual([['late'], cursor]);
  });

  test('a file is read from the mailbox when it is asked for', async () => {
    const running = await run();
    const text =
      '--b\r\n\r\nlook\r\n--b\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--';
    running.put(letter({ type: 'multipart/mixed; boundary=b', text }));
    await until('it is read', () => running.sink.events.length === 1);
    const [file] = running.sink.events[0]?.files ?? [];
    expect(file).toMatchObject({ kind: 'image', name: 'a.png', bytes: 8 });
    if (file === undefined) return;
    const signal = new AbortController().signal;
    const stream = await running.adapter.fetch?.(file, signal);
    expect(Buffer.from(await new Response(stream).arrayBuffer()).toString('base64')).toBe('iVBORw0KGgo=');
    const gone = { ...file, id: file.id.replace(/^\d+/, '7') };
    await expect(running.adapter.fetch?.(gone, signal)).rejects.toThrow('not in the mailbox any more');
  });
});

test('a mail that the server does not hand over is told from one that is gone', async () => {
  const { ImapFlow } = await import('imapflow');
  const client = new ImapFlow({ host: '127.0.0.1', port: 1, logger: false });
  const ended = new Promise<string>(() => undefined);
  const session = (status: string): Session => ({
    client,
    ended,
    close: () => undefined,
    ask: () => Promise.reject(Object.assign(new Error('Command failed'), { responseStatus: status })),
  });
  expect(await sourceOf(session('NO'), { uid: 1, bytes: 1 }, 'source')).toBe('refused');
  await expect(sourceOf(session(''), { uid: 1, bytes: 1 }, 'source')).rejects.toThrow('Command failed');
});

describe('staying connected', () => {
  test('of a connection that is over no mail counts as gone', async () => {
    const user = 'over';
    dovecot.put(user, letter({ text: 'still there' }));
    const server = { host: '127.0.0.1', port: dovecot.imapPort, secure: false, user, password };
    const session = await openSession(createTestDeps(), server, new AbortController().signal);
    await session.ask((client) => client.mailboxOpen('INBOX'));
    const mails = await listMails(session, '1:*');
    const [mail] = mails;
    expect(mails).toMatchObject([{ uid: 1 }]);
    if (mail === undefined) return;
    expect(await sourceOf(session, { ...mail, uid: 7 }, 'source')).toBe(null);
    session.close();
    for (const asked of [
      sourceOf(session, mail, 'source'),
      listMails(session, '1:*'),
      searchMails(session, { since: new Date(0) }),
    ])
      await expect(asked).rejects.toThrow('closed the connection');
  });

  test('a connection that breaks is made again, and what came meanwhile is read', async () => {
    await using proxy = await startProxy(`imap://127.0.0.1:${dovecot.imapPort}`);
    const running = await run({ port: proxy.port });
    proxy.set({ connect: 'reset' });
    proxy.cut('reset');
    await until('it is down', () => !isUp(running));
    running.put(letter({ text: 'meanwhile' }));
    await proxy.heal();
    await until('it is read', () => running.texts().includes('meanwhile'));
    expect(running.slept[0]).toBe(1_000);
  });

  test('a server that lets it in and throws it out at once is asked ever more seldom', async () => {
    await using proxy = await startProxy(`imap://127.0.0.1:${dovecot.imapPort}`);
    const running = await run({ port: proxy.port });
    const ups = (): number => running.sink.states.filter(({ state }) => state === 'up').length;
    for (let n = 1; n <= 3; n += 1) {
      await until('it is up', () => ups() === n);
      proxy.cut('reset');
    }
    await until('it is up', () => ups() === 4);
    expect(running.slept).toEqual([1_000, 2_000, 4_000]);
  });

  test('a wrong password is told, and tried seldom', async () => {
    const server = {
      host: '127.0.0.1',
      port: dovecot.imapPort,
      secure: false,
      user: 'bot',
      password: 'wrong-one',
    };
    const running = await run({ settings: { imap: server } });
    expect(running.sink.states[0]).toEqual({
      state: 'down',
      why: '127.0.0.1 refuses the login of channels.email.imap',
    });
    await until('it pauses', () => running.slept[0]);
    expect(running.slept[0]).toBeGreaterThanOrEqual(48_000);
    expect(JSON.stringify([running.sink.states, running.log.lines])).not.toContain('wrong-one');
  });
});

test('a mail that is not heard: doctor and log say why, until one is', async () => {
  const one = await run();
  const said = async (): Promise<unknown> =>
    (await one.adapter.check()).filter(({ what }) => what.includes('not heard'));
  expect(await said()).toEqual([]);
  one.put(letter({ results: null }));
  await until('it is stored', () => one.sink.events.length === 1);
  const why = 'not proven to be from ann@x.test: no mail server vouched for its sender';
  expect(await said()).toEqual([
    {
      level: 'warn',
      what: expect.stringMatching(
        `^1 mails were not heard since the start, and no other came; the last, at 20.*Z: ${why}.$`,
      ),
      fix: expect.stringContaining('docs/channels/email.md'),
    },
  ]);
  expect(one.log.lines).toContainEqual(
    expect.objectContaining({ event: 'mail.unheard', place: expect.stringMatching(/^\d+\/1$/), why }),
  );
  one.put(letter());
  await until('it is heard', () => one.sink.events.length === 2);
  expect(await said()).toEqual([
    {
      level: 'ok',
      what: expect.stringMatching(/^1 mails were not heard since the start; the last, at /),
      fix: null,
    },
  ]);
});

test('doctor names what is wrong and what helps', async () => {
  await using exchanger = await startExchanger();
  mailboxes += 1;
  const user = `check${mailboxes}`;
  dovecot.put(user, letter({}));
  const server = (port: number, word = password): object => ({
    host: '127.0.0.1',
    port,
    secure: false,
    user,
    password: word,
  });
  const check = async (settings: object): Promise<readonly string[]> => {
    const deps = {
      ...createTestDeps(),
      resolve: () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })),
    };
    const good = {
      address: 'bot@local.test',
      imap: server(dovecot.imapPort),
      smtp: server(exchanger.port),
      trustedAuthserv: authserv,
    };
    const adapter = buildEmail(deps, { ...good, ...settings });
    onTestFinished(() => adapter.close());
    const findings = await adapter.check();
    for (const { level, fix } of findings) expect(fix === null).toBe(level === 'ok');
    return findings.flatMap(({ level, what }) => (level === 'ok' ? [] : [`${level}: ${what}`]));
  };
  expect(await check({})).toEqual([]);
  expect(await check({ imap: server(dovecot.imapPort, 'bad') })).toEqual([
    expect.stringContaining('refuses the login'),
  ]);
  expect(await check({ smtp: server(exchanger.port, 'bad') })).toEqual([
    expect.stringContaining('refuses the login'),
  ]);
  expect(await check({ smtp: server(1) })).toEqual([expect.stringContaining('No mail can be sent')]);
  expect(await check({ sentFolder: 'Nowhere' })).toEqual([
    expect.stringContaining('no folder for sent mail'),
  ]);
  expect(await check({ trustedAuthserv: 'mx.other.test' })).toEqual([
    expect.stringContaining('nobody would be heard'),
  ]);
  expect(await check({ trustedAuthserv: null })).toEqual([expect.stringContaining('DNS cannot be asked')]);
});
