import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { ChatAddress } from '#core/address.ts';
import type { DeliveryBody, OutboundDelivery } from '#core/delivery.ts';
import type { AdapterPort, AdapterStatePort } from '#core/ports/adapter.ts';
import { neverAborted, say } from '#test/contract/adapter.ts';
import { type Dovecot, needsDovecot, password, startDovecot } from '#test/fakes/mail/dovecot.ts';
import { type Exchanger, startExchanger } from '#test/fakes/mail/exchanger.ts';
import { authserv, letter } from '#test/fakes/mail/letter.ts';
import {
  createHastyClock,
  createTestDeps,
  createTestLog,
  createTestSink,
  type TestSink,
} from '#test/fakes/sink.ts';
import { until } from '#test/until.ts';
import { buildEmail } from './index.ts';
import { decodeWords } from './read/headers.ts';

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

interface Running {
  readonly user: string;
  readonly adapter: AdapterPort;
  readonly exchanger: Exchanger;
  readonly sink: TestSink;
  /** The adapter's own rows, which a test may break. */
  readonly state: AdapterStatePort;
}

async function run(): Promise<Running> {
  mailboxes += 1;
  const user = `out${mailboxes}`;
  const exchanger = await startExchanger();
  const server = (port: number): object => ({ host: '127.0.0.1', port, secure: false, user, password });
  const deps = createTestDeps(createTestLog(), createHastyClock());
  const settings = {
    address: 'bot@local.test',
    imap: server(dovecot.imapPort),
    smtp: server(exchanger.port),
    trustedAuthserv: authserv,
  };
  const adapter = buildEmail(deps, settings);
  const sink = createTestSink();
  const abort = new AbortController();
  const ended = adapter.start(sink, abort.signal);
  onTestFinished(async () => {
    abort.abort();
    await ended;
    await adapter.close();
    await exchanger.close();
  });
  await until('it is up', () => sink.states.at(-1)?.state === 'up');
  return { user, adapter, exchanger, sink, state: deps.state };
}

const ann: ChatAddress = { channel: 'email', chat: 'ann@x.test', thread: 'root@x.test' };
let deliveries = 0;

function delivery(body: DeliveryBody, address = ann): OutboundDelivery {
  deliveries += 1;
  return { id: `dlv_${deliveries}`, address, body, targetPlatformId: null };
}

const header = (raw: string | undefined, name: string): string | null =>
  new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'im').exec(raw ?? '')?.[1]?.replaceAll(/\r\n\s+/g, ' ') ??
  null;

describe('a store that refuses', () => {
  const fail = (): Promise<never> => Promise.reject(new Error('disk full'));

  test('what the server took was sent, also where nothing can be kept of it', async () => {
    const { user, adapter, exchanger, state } = await run();
    Object.assign(state, { set: fail, setAll: fail });
    expect(await adapter.send(delivery(say('there')), neverAborted())).toMatchObject({ ok: true });
    expect([exchanger.taken.length, dovecot.mails(user, 'Sent').length]).toEqual([1, 1]);
  });

  test('what could not be written as a letter did not leave', async () => {
    const { adapter, exchanger, state } = await run();
    Object.assign(state, { get: fail });
    const result = await adapter.send(delivery(say('not there')), neverAborted());
    expect(result).toMatchObject({ ok: false, error: { type: 'transient', reason: 'disk full' } });
    expect(exchanger.taken).toEqual([]);
  });
});

describe('what an answer looks like', () => {
  test('it stands in its thread, says that it is automatic, and is called after its delivery', async () => {
    const { user, adapter, exchanger, sink } = await run();
    const headers = ['References: <root@x.test> <second@x.test>', 'In-Reply-To: <second@x.test>'];
    dovecot.put(
      user,
      letter({ subject: 'Re: The =?utf-8?q?tr=C3=AFp?=', headers, messageId: '<third@x.test>' }),
    );
    await until('it is read', () => sink.events.length === 1);
    const [event] = sink.events;
    const answer = delivery(
      { ...say('<p>Yes &amp; <b>no</b></p>'), dialect: 'email-html', replyTo: event?.messageId ?? null },
      event?.chat,
    );
    expect(await adapter.send(answer, neverAborted())).toEqual({
      ok: true,
      platformId: `<${answer.id}@local.test>`,
    });
    const raw = exchanger.taken[0]?.raw;
    expect(header(raw, 'From')).toBe('bot@local.test');
    expect(header(raw, 'To')).toBe('ann@x.test');
    expect(header(raw, 'Message-ID')).toBe(`<${answer.id}@local.test>`);
    expect(header(raw, 'In-Reply-To')).toBe('<third@x.test>');
    expect(header(raw, 'References')).toBe('<root@x.test> <third@x.test>');
    expect(decodeWords(header(raw, 'Subject') ?? '')).toBe('Re: The trïp');
    expect(header(raw, 'Auto-Submitted')).toBe('auto-replied');
    expect(header(raw, 'X-Auto-Response-Suppress')).toBe('All');
    expect(header(raw, 'Content-Type')).toContain('multipart/alternative');
    expect(exchanger.taken[0]?.text).toBe('Yes & no');
    expect(raw).toContain('<p>Yes &amp; <b>no</b></p>');
    expect(dovecot.mails(user, 'Sent')).toHaveLength(1);
    const next = delivery(say('more'), event?.chat);
    await adapter.send(next, neverAborted());
    expect(header(exchanger.taken[1]?.raw, 'In-Reply-To')).toBe(`<${answer.id}@local.test>`);
  });

  test('what is written unasked begins a mail of its own, and an answer to it comes back to the same chat', async () => {
    const { user, adapter, exchanger, sink } = await run();
    const chat = { ...ann, thread: null };
    const unasked = delivery(say('Good morning, Ann.\nMore below.'), chat);
    await adapter.send(unasked, neverAborted());
    const raw = exchanger.taken[0]?.raw;
    expect(header(raw, 'Subject')).toBe('Good morning, Ann.');
    expect(header(raw, 'Auto-Submitted')).toBe('auto-generated');
    expect(header(raw, 'References')).toBeNull();
    const id = `<${unasked.id}@local.test>`;
    dovecot.put(user, letter({ headers: [`In-Reply-To: ${id}`, `References: ${id}`] }));
    await until('it is read', () => sink.events.length === 1);
    expect(sink.events[0]?.chat).toEqual(chat);
    expect(sink.events[0]?.replyTo).toBe(id);
  });

  test('nothing that is said becomes a header', async () => {
    const { user, adapter, exchanger, sink } = await run();
    const evil = '=?utf-8?q?a=0D=0ABcc:_eve@evil.test=0D=0A=0D=0Abody?=';
    dovecot.put(user, letter({ subject: evil }));
    await until('it is read', () => sink.events.length === 1);
    await adapter.send(delivery(say('x\r\nBcc: eve@evil.test'), sink.events[0]?.chat), neverAborted());
    const name = 'a"\r\nBcc: eve@evil.test\r\n.txt';
    const folder = mkdtempSync(join(tmpdir(), 'tiro-mail-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'a.txt'), 'words');
    const file = {
      kind: 'file',
      path: join(folder, 'a.txt'),
      name,
      mime: 'text/plain\r\nBcc: x',
      caption: 'look',
    } as const;
    await adapter.send(delivery(file, sink.events[0]?.chat), neverAborted());
    expect(exchanger.taken).toHaveLength(2);
    for (const { raw, to } of exchanger.taken) {
      expect(raw.slice(0, raw.indexOf('\r\n\r\n'))).not.toMatch(/^Bcc/im);
      expect(to).toBe('ann@x.test');
    }
    for (const chat of ['ann@x.test\r\nBcc: a@b.test', 'ann@x.test, eve@evil.test', '<ann@x.test>', 'ann']) {
      const sent = await adapter.send(delivery(say('x'), { ...ann, chat }), neverAborted());
      expect(sent).toMatchObject({ ok: false, error: { type: 'permanent' } });
    }
    expect(exchanger.taken).toHaveLength(2);
  });

  test('a file goes out as one; one that is gone is told', async () => {
    const { adapter, exchanger } = await run();
    const folder = mkdtempSync(join(tmpdir(), 'tiro-mail-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'r.pdf'), 'PDF');
    const body = {
      kind: 'file',
      path: join(folder, 'r.pdf'),
      name: 'Bericht Ä.pdf',
      mime: 'application/pdf',
      caption: 'here',
    } as const;
    expect(await adapter.send(delivery(body), neverAborted())).toMatchObject({ ok: true });
    expect(exchanger.taken[0]?.raw).toContain(Buffer.from('PDF').toString('base64'));
    expect(exchanger.taken[0]?.text).toBe('here');
    const gone = await adapter.send(delivery({ ...body, path: join(folder, 'x') }), neverAborted());
    expect(gone).toMatchObject({ ok: false, error: { type: 'permanent', reason: 'the file is gone' } });
  });
});

test('without TLS nothing of a login leaves for anybody but this machine', async () => {
  const { exchanger, user } = await run();
  // The same machine by an address that is not known as such.
  const server = (port: number): object => ({ host: '0.0.0.0', port, secure: false, user, password });
  const settings = {
    address: 'bot@local.test',
    imap: server(dovecot.imapPort),
    smtp: server(exchanger.port),
  };
  const adapter = buildEmail(createTestDeps(), { ...settings, trustedAuthserv: authserv });
  onTestFinished(() => adapter.close());
  expect(await adapter.send(delivery(say('x')), neverAborted())).toMatchObject({
    ok: false,
    error: { type: 'transient' },
  });
  expect(exchanger.logins()).toBe(0);
  const [mailbox] = await adapter.check();
  expect(mailbox).toMatchObject({ level: 'fail', what: expect.stringContaining('no connection') });
});

describe('what the mail server answers', () => {
  test('too large is for good, in words', async () => {
    const { adapter, exchanger } = await run();
    exchanger.failNext('too-large');
    expect(await adapter.send(delivery(say('x')), neverAborted())).toMatchObject({
      ok: false,
      error: { type: 'permanent', reason: expect.stringContaining('too large') },
    });
  });

  test('a refused login is told as the state of the channel, and not tried again for a while', async () => {
    const { adapter, exchanger, sink } = await run();
    exchanger.failNext('refused-login');
    const first = await adapter.send(delivery(say('x')), neverAborted());
    expect(first).toMatchObject({ ok: false, error: { type: 'rate-limited', retryAfterMs: 600_000 } });
    expect(sink.states.at(-1)).toEqual({
      state: 'down',
      why: '127.0.0.1 refuses the login of channels.email.smtp (535)',
    });
    expect(await adapter.send(delivery(say('x')), neverAborted())).toMatchObject({ ok: false });
    expect(exchanger.logins()).toBe(1);
  });

  test('what was sent is found in the folder for sent mail; what is not there proves nothing', async () => {
    const { user, adapter, exchanger } = await run();
    const sent = delivery(say('x'));
    expect(await adapter.lookup?.(sent)).toEqual({ found: 'unknown' });
    await adapter.send(sent, neverAborted());
    expect(await adapter.lookup?.(sent)).toEqual({ found: 'sent', platformId: `<${sent.id}@local.test>` });
    // Sent once more, as after a crash: the server has it already.
    await adapter.send(sent, neverAborted());
    expect(dovecot.mails(user, 'Sent')).toHaveLength(1);
    const lost = delivery(say('y'));
    exchanger.failNext('drop');
    expect(await adapter.send(lost, neverAborted())).toMatchObject({ ok: false, error: { type: 'unknown' } });
    expect(await adapter.lookup?.(lost)).toEqual({ found: 'unknown' });
  });
});
