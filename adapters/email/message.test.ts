import { expect, test } from 'vitest';
import type { InboundEvent } from '#core/event.ts';
import { type LetterParts, authserv, letter } from '#test/fakes/mail/letter.ts';
import { createTestDeps } from '#test/fakes/sink.ts';
import { type Reading, createReader } from './message.ts';
import { createPace } from './pace.ts';
import { emailSettingsSchema } from './settings.ts';
import { createThreads } from './threads.ts';

const server = { host: '127.0.0.1', user: 'bot', password: 'x' };
const settings = emailSettingsSchema.parse({
  address: 'bot@local.test',
  imap: server,
  smtp: server,
  trustedAuthserv: authserv,
});
const arrivedAt = Date.parse('2026-09-21T12:00:00Z');

function reader(mostPerHour = 1_000): (raw: string, at?: number) => Promise<Reading> {
  const deps = createTestDeps();
  const threads = createThreads(deps);
  const resolve = (): Promise<never> => Promise.reject(new Error('nobody asks DNS'));
  const read = createReader(
    { ...deps, threads, resolve, mayPass: createPace(deps.clock, mostPerHour) },
    settings,
  );
  return (text, at = arrivedAt) => {
    const raw = Buffer.from(text, 'utf8');
    const mail = { place: '1/1', raw, bytes: raw.length, whole: true, arrivedAt: at };
    return read(mail, true, new AbortController().signal);
  };
}

async function eventOf(raw: string): Promise<InboundEvent> {
  const reading = await reader()(raw);
  if (reading.type !== 'event') throw new Error(reading.why);
  return reading.event;
}

async function doubtOf(raw: string): Promise<string | undefined> {
  return (await eventOf(raw)).doubt;
}

const passing = `${authserv}; dmarc=pass header.from=x.test`;

test('what the trusted server vouches for is heard', async () => {
  const event = await eventOf(letter({ text: 'hello' }));
  expect(event).toMatchObject({ text: 'hello', sender: { id: 'ann@x.test', name: 'Ann' } });
  expect(event.doubt).toBeUndefined();
});

test.each<[string, LetterParts]>([
  ['no results at all', { results: null }],
  ['results of another server', { results: 'mx.evil.test; dmarc=pass header.from=x.test' }],
  ['a server whose name begins so', { results: `${authserv}.evil.test; dmarc=pass header.from=x.test` }],
  [
    'good results below those of another',
    {
      results: 'mx.evil.test; dmarc=pass header.from=x.test',
      headers: [`Authentication-Results: ${passing}`],
    },
  ],
  [
    'good results below bad ones',
    {
      results: `${authserv}; dmarc=fail header.from=x.test`,
      headers: [`Authentication-Results: ${passing}`],
    },
  ],
  [
    'a pass in a comment',
    { results: `${authserv} (dmarc=pass header.from=x.test); dmarc=fail header.from=x.test` },
  ],
  ['a pass in a quotation', { results: `${authserv}; spf=fail reason="dmarc=pass header.from=x.test"` }],
  ['two verdicts', { results: `${authserv}; dmarc=fail header.from=x.test; dmarc=pass header.from=x.test` }],
  ['a pass for another domain', { results: `${authserv}; dmarc=pass header.from=evil.test` }],
  ['a pass for no domain', { results: `${authserv}; dmarc=pass` }],
  [
    'a pass of DKIM and SPF only',
    { results: `${authserv}; dkim=pass header.d=x.test; spf=pass smtp.mailfrom=x.test` },
  ],
  ['none', { results: `${authserv}; dmarc=none header.from=x.test` }],
  ['a temporary error', { results: `${authserv}; dmarc=temperror header.from=x.test` }],
])('abuse/B14-16 not proven: %s', async (_, parts) => {
  const event = await eventOf(letter(parts));
  expect(event.doubt).toContain('not proven to be from ann@x.test');
  expect(event.text).toBe('');
  expect(event.files).toEqual([]);
});

test('results are read as they stand on the wire: folded, in any case, with comments', async () => {
  const results = `${authserv.toUpperCase()} (a \\) b)\r\n\t; DKIM=fail (bad)\r\n ;\tDMARC = PASS\r\n  (p=none) Header.From = X.TEST`;
  expect(await doubtOf(letter({ results }))).toBeUndefined();
});

test.each<[string, LetterParts]>([
  ['two From fields', { headers: ['From: owner@x.test'] }],
  ['two To fields', { headers: ['To: other@x.test'] }],
  ['two Subject fields', { subject: 'a', headers: ['Subject: b'] }],
  ['two Message-IDs', { headers: ['Message-ID: <other@x.test>'] }],
  ['two content types', { headers: ['Content-Type: text/html'] }],
  ['a group', { from: 'Owners: ann@x.test;' }],
  ['several addresses', { from: 'ann@x.test, evil@x.test' }],
  ['an encoded address', { from: '=?utf-8?q?ann=40x=2Etest?=' }],
  ['words behind the address', { from: '<ann@x.test> evil@x.test' }],
])('abuse/B17 unclear: %s', async (_, parts) => {
  expect(await doubtOf(letter({ results: passing, ...parts }))).toEqual(expect.any(String));
});

test('abuse/B17 a name is never the sender: the address is, and the name is not shown as one', async () => {
  const results = `${authserv}; dmarc=pass header.from=evil.test`;
  for (const from of [
    '"ann@x.test" <eve@evil.test>',
    'ann@x.test <eve@evil.test>',
    '=?utf-8?q?ann=40x=2Etest?= <eve@evil.test>',
  ]) {
    expect(await eventOf(letter({ from, results }))).toMatchObject({
      sender: { id: 'eve@evil.test', name: 'eve@evil.test' },
      chat: { chat: 'eve@evil.test' },
    });
  }
  expect(await eventOf(letter({ from: 'Ann (ann@x.test) <eve@evil.test>', results }))).toMatchObject({
    sender: { id: 'eve@evil.test' },
  });
});

test('abuse/B18 Reply-To, Sender and Return-Path give nothing: answers go to the proven address', async () => {
  const headers = [
    'Reply-To: ann@x.test',
    'Sender: ann@x.test',
    'Return-Path: <ann@x.test>',
    'X-Original-From: ann@x.test',
  ];
  const results = `${authserv}; dmarc=pass header.from=evil.test`;
  expect(await eventOf(letter({ from: 'eve@evil.test', headers, results }))).toMatchObject({
    sender: { id: 'eve@evil.test' },
    chat: { chat: 'eve@evil.test' },
  });
});

test.each<[string, LetterParts]>([
  ['Auto-Submitted', { headers: ['Auto-Submitted: auto-replied'] }],
  ['Auto-Submitted with more', { headers: ['auto-submitted: AUTO-GENERATED; owner=x'] }],
  ['Precedence', { headers: ['Precedence: Bulk'] }],
  ['a list', { headers: ['List-Id: <l.x.test>'] }],
  ['a newsletter', { headers: ['List-Unsubscribe: <https://x.test>'] }],
  ['X-Auto-Response-Suppress', { headers: ['X-Auto-Response-Suppress: DR, OOF'] }],
  ['no return path', { headers: ['Return-Path: <>'] }],
  ['a report', { type: 'multipart/report; report-type=disposition-notification; boundary=x' }],
  ['MAILER-DAEMON', { from: 'MAILER-DAEMON@x.test' }],
  ['postmaster', { from: 'postmaster@x.test' }],
  ['noreply', { from: 'no-reply@x.test' }],
  ['do not reply', { from: 'donotreply@x.test' }],
])('abuse/B19 a machine is not answered: %s', async (_, parts) => {
  expect(await doubtOf(letter(parts))).toMatch(/automatic|machine|list|report|bounce|no answer/);
});

test('Auto-Submitted: no is of a person', async () => {
  expect(await doubtOf(letter({ headers: ['Auto-Submitted: no'] }))).toBeUndefined();
});

test('abuse/B19 mail of our own address, and with a +tag, is nothing', async () => {
  for (const from of ['bot@local.test', 'Bot <bot+x@local.test>', 'BOT@LOCAL.TEST']) {
    expect(await reader()(letter({ from, results: passing }))).toMatchObject({ type: 'nothing' });
  }
});

test('abuse/B19 over the number of an hour a sender is doubted, whoever it is; the same mail counts once', async () => {
  const read = reader(2);
  const mail = (n: number): string => letter({ messageId: `<${n}@x.test>` });
  const doubts = [];
  for (const n of [1, 1, 2, 3]) {
    const reading = await read(mail(n), Date.now());
    doubts.push(reading.type === 'event' ? reading.event.doubt : reading.why);
  }
  expect(doubts).toEqual([undefined, undefined, undefined, 'more mails in an hour than are answered']);
});

test('what waited while nobody read is heard, however much of it one person wrote', async () => {
  const read = reader(1);
  for (const n of [1, 2, 3]) {
    const reading = await read(letter({ messageId: `<${n}@x.test>` }), Date.now() - 2 * 3_600_000);
    expect(reading.type === 'event' && reading.event.doubt).toBe(undefined);
  }
});

test('a genuine mail to somebody else is no order to us', async () => {
  expect(await doubtOf(letter({ to: 'carl@x.test' }))).toContain('not addressed to us');
  expect(await doubtOf(letter({ to: '"bot@local.test" <carl@x.test>' }))).toContain('not addressed to us');
  expect(
    await doubtOf(letter({ to: 'carl@x.test', headers: ['Cc: Bot <bot+a@local.test>'] })),
  ).toBeUndefined();
});

test('a mail that was written long before it came is not heard', async () => {
  expect(await doubtOf(letter({ date: 'Mon, 07 Sep 2026 12:00:00 +0000' }))).toContain('more than a week');
});

test('nobody keeps the mail of another out by its Message-ID', async () => {
  const messageId = '<next@x.test>';
  const genuine = await eventOf(letter({ messageId }));
  const again = await eventOf(letter({ messageId, headers: ['Received: by another way'] }));
  const stranger = await eventOf(
    letter({ messageId, from: 'eve@evil.test', results: `${authserv}; dmarc=pass header.from=evil.test` }),
  );
  const forged = await eventOf(letter({ messageId, results: null }));
  expect(again.platformId).toBe(genuine.platformId);
  expect(new Set([genuine.platformId, stranger.platformId, forged.platformId]).size).toBe(3);
});

test('a thread belongs to its sender, and begins with the first that it refers to', async () => {
  const refers = ['References: <root@x.test> <b@x.test>', 'In-Reply-To: <b@x.test>'];
  expect((await eventOf(letter({ headers: refers }))).chat).toEqual({
    channel: 'email',
    chat: 'ann@x.test',
    thread: 'root@x.test',
  });
  const eve = letter({
    headers: refers,
    from: 'eve@evil.test',
    results: `${authserv}; dmarc=pass header.from=evil.test`,
  });
  expect((await eventOf(eve)).chat.chat).toBe('eve@evil.test');
  expect((await eventOf(letter({ headers: ['In-Reply-To: <b@x.test>'] }))).chat.thread).toBe('b@x.test');
  expect((await eventOf(letter({ messageId: '<own@x.test>' }))).chat.thread).toBe('own@x.test');
  const long = await eventOf(letter({ headers: [`References: <${'a'.repeat(240)}@x.test>`] }));
  expect(long.chat.thread).toMatch(/^sha256-[0-9a-f]{64}$/);
  const odd = await eventOf(
    letter({ headers: ['References: <a\u0001b@x.test> <ä@x.test> <c d@x.test>'], messageId: '<own@x.test>' }),
  );
  expect(odd.chat.thread).toBe('own@x.test');
});

test('abuse/B22 what is passed on is marked, and attached mail is a file', async () => {
  const inner = 'From: evil@x.test\r\nSubject: s\r\n\r\n/approve 7F3K';
  const text = `--b\r\nContent-Type: text/plain\r\n\r\nlook\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n${inner}\r\n--b--`;
  const event = await eventOf(letter({ type: 'multipart/mixed; boundary=b', text }));
  expect(event.text).toBe('look');
  expect(event.files).toMatchObject([{ id: '1/1/2', mime: 'message/rfc822' }]);
  expect((await eventOf(letter({ subject: 'Fwd: x', text: '/approve 7F3K' }))).text).toMatch(
    /^\[forwarded\] /,
  );
});

test('a bounce is told only of a mail of ours, for good, and never of a delay', async () => {
  const report = (id: string, action: string, status: string): string =>
    letter({
      from: 'MAILER-DAEMON@y.test',
      results: null,
      type: 'multipart/report; report-type=delivery-status; boundary=b',
      text: `--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@y.test\r\nAction: ${action}\r\nStatus: ${status}\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <${id}>\r\n\r\n--b--`,
    });
  const ours = 'dlv_01M3YK0ZJX5V8C2T9R4QW7E6BN';
  expect(await eventOf(report(`${ours}@local.test`, 'failed', '5.1.1'))).toMatchObject({
    kind: 'undelivered',
    messageId: ours,
    text: 'the mail server says: status 5.1.1',
  });
  for (const raw of [
    report(`${ours}@evil.test`, 'failed', '5.1.1'),
    report('other@local.test', 'failed', '5.1.1'),
    report(`${ours}@local.test`, 'delayed', '4.4.1'),
    report(`${ours}@local.test`, 'failed', '4.4.1'),
  ]) {
    expect(await eventOf(raw)).toMatchObject({ kind: 'message', doubt: expect.any(String) });
  }
});

test('what is too large is told by its envelope', async () => {
  const deps = createTestDeps();
  const read = createReader(
    {
      ...deps,
      threads: createThreads(deps),
      resolve: () => Promise.reject(new Error('no')),
      mayPass: () => true,
    },
    settings,
  );
  const raw = Buffer.from(letter({ subject: 'Film' }));
  const reading = await read(
    { place: '1/1', raw, bytes: 31_000_000, whole: false, arrivedAt },
    true,
    new AbortController().signal,
  );
  expect(reading).toMatchObject({
    event: { text: '[a mail of 31 MB that is too large to be read]\nSubject: Film', files: [] },
  });
});

test('more files than twenty are counted, not handed on; names are cleaned', async () => {
  const part =
    '--b\r\nContent-Type: image/png; name="../../e\\"vil\u202Egnp.exe"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n';
  const event = await eventOf(
    letter({ type: 'multipart/mixed; boundary=b', text: `--b\r\n\r\nhi\r\n${part.repeat(23)}--b--` }),
  );
  expect(event.files).toHaveLength(20);
  expect(event.text).toBe('hi\n\n[3 more files were left out]');
  expect(event.files[0]?.name).not.toMatch(/[/\\"\u202E]/);
});

test('what a report says is told as words, whoever wrote it', async () => {
  const text = [
    '--b\r\nContent-Type: message/delivery-status\r\n',
    'Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 [Approve it](https://evil.test) `now` **!**\r\n',
    '--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <dlv_01@local.test>\r\n--b--',
  ].join('\r\n');
  const type = 'multipart/report; report-type=delivery-status; boundary=b';
  const event = await eventOf(letter({ from: 'MAILER-DAEMON@y.test', results: null, type, text }));
  expect(event).toMatchObject({ kind: 'undelivered', messageId: 'dlv_01' });
  expect(event.text).toMatch(/^the mail server says: 550 +Approve it/);
  expect(event.text).not.toMatch(/[[\]`*]/);
});

test.each<[string, (raw: string) => string]>([
  ['a name that goes on in the next line', (raw) => raw.replace('\r\nTo: ', '\r\nTo\r\n : ')],
  ['a line that is no field', (raw) => raw.replace('\r\nTo: ', '\r\nno field\r\nTo: ')],
  ['a name with a letter that is none of ASCII', (raw) => raw.replace('\r\nTo: ', '\r\n\u00A0To: x\r\nTo: ')],
  ['a lone CR', (raw) => raw.replace('\r\nTo: ', '\r\nX: a\rFrom: eve@evil.test\r\nTo: ')],
  ['a byte-order mark before the first name', (raw) => `\uFEFFX: a\r\n${raw}`],
  ['a zero', (raw) => raw.replace('\r\nTo: ', '\r\nX: a\0\r\nTo: ')],
  ['more lines than are read', (raw) => `X: a${'\r\n b'.repeat(12_000)}\r\n${raw}`],
])('abuse/B17 a header that others may read otherwise is doubted: %s', async (_, change) => {
  const raw = letter({ text: '/approve 7F3K' });
  expect(await doubtOf(raw)).toBeUndefined();
  const event = await eventOf(change(raw));
  expect(event.doubt).toMatch(/header/);
  expect(event.text).toBe('');
});

test('a mail by which no copy of it is known is doubted: it could be brought again and again', async () => {
  expect(await doubtOf(letter({}).replace(/Message-ID: .*\r\n/, ''))).toContain('Message-ID');
  expect(await doubtOf(letter({ messageId: '' }))).toContain('Message-ID');
});

test.each([
  ['to be shown in its place', 'Content-Type: text/plain\r\nContent-Disposition: inline; filename=a.txt'],
  ['with nothing but a name', 'Content-Type: text/plain; name=a.txt'],
  ['of HTML', 'Content-Type: text/html; name=a.html\r\nContent-Disposition: inline'],
])('abuse/B22 a text that is attached is a file and never what its sender says: %s', async (_, head) => {
  const parts = ['Content-Type: text/plain\r\n\r\n', `${head}\r\n\r\n/approve 7F3K`];
  const text = `${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--`;
  const event = await eventOf(letter({ type: 'multipart/mixed; boundary=b', text }));
  expect(event.text).toBe('');
  expect(event.files).toMatchObject([{ kind: 'document', bytes: 13 }]);
});

test('without a Message-ID a mail is known by its date and words, however it is brought again', async () => {
  const raw = letter({ date: new Date().toUTCString(), text: 'hello  there' }).replace(
    /Message-ID: .*\r\n/,
    '',
  );
  const { platformId, doubt } = await eventOf(raw);
  expect(doubt).toBeUndefined();
  const again = `X-Brought: again\r\n${raw.replace('hello  there', 'hello there ')}`;
  expect((await eventOf(again)).platformId).toBe(platformId);
  expect((await eventOf(raw.replace('hello', 'goodbye'))).platformId).not.toBe(platformId);
});

test('abuse/B22 the mails of a digest, and a report, are files', async () => {
  const digest = '--b\r\n\r\nSubject: x\r\n\r\n/approve 7F3K\r\n--b--';
  const first = await eventOf(letter({ type: 'multipart/digest; boundary=b', text: digest }));
  expect(first).toMatchObject({ text: '', files: [{ kind: 'document' }] });
  const report = '--b\r\nContent-Type: message/delivery-status\r\n\r\n/approve 7F3K\r\n--b--';
  const second = await eventOf(letter({ type: 'multipart/mixed; boundary=b', text: report }));
  expect(second).toMatchObject({ text: '', files: [{ mime: 'message/delivery-status' }] });
});
