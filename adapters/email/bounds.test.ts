import { expect, test } from 'vitest';
import { authserv, letter } from '#test/fakes/mail/letter.ts';
import { createTestDeps } from '#test/fakes/sink.ts';
import { createReader } from './message.ts';
import { emailSettingsSchema } from './settings.ts';
import { createThreads } from './threads.ts';

const server = { host: '127.0.0.1', user: 'bot', password: 'x' };
const settings = emailSettingsSchema.parse({
  address: 'bot@local.test',
  imap: server,
  smtp: server,
  trustedAuthserv: authserv,
});
const mixed = 'multipart/mixed; boundary=b';
const many = (count: number, make: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => make(n)).join('');

/** abuse/B20: what is made to be hard to read. */
const hostile: Readonly<Record<string, string>> = {
  'a thousand parts': letter({ type: mixed, text: `${many(1_000, (n) => `--b\r\n\r\npart ${n}\r\n`)}--b--` }),
  'a hundred thousand parts': letter({
    type: mixed,
    text: `${many(100_000, () => '--b\r\n\r\nx\r\n')}--b--`,
  }),
  'a thousand, each in the other': letter({
    type: 'multipart/mixed; boundary=b0',
    text: many(1_000, (n) => `--b${n}\r\nContent-Type: multipart/mixed; boundary=b${n + 1}\r\n\r\n`),
  }),
  'ten thousand headers': letter({ headers: Array.from({ length: 10_000 }, (_, n) => `X-H${n}: v`) }),
  'one endless header': letter({ headers: [`X-Long: ${'x'.repeat(2_000_000)}`] }),
  'a header of many lines': letter({ headers: [`X-Folded: a${'\r\n b'.repeat(200_000)}`] }),
  'many references': letter({ headers: [`References: ${'<a@x.test> '.repeat(100_000)}`] }),
  'an unknown character set': letter({ type: 'text/plain; charset=x-nothing', text: '\u00E4\u00F6' }),
  'broken base64': letter({ text: '!!!!', headers: ['Content-Transfer-Encoding: base64'] }),
  'broken quoted-printable': letter({
    text: '=ZZ=\r\n=',
    headers: ['Content-Transfer-Encoding: quoted-printable'],
  }),
  'no end of its parts': letter({ type: mixed, text: '--b\r\n\r\nopen' }),
  'a boundary that is nothing': letter({ type: 'multipart/mixed; boundary=""', text: '--\r\n\r\nx' }),
  'lone surrogates and zeros': letter({ subject: '\uD800\0', text: '\0\uDFFF' }),
  nothing: '',
  'no header': '\r\n\r\nhello',
  'ten megabytes of one line': letter({ text: 'x'.repeat(10_000_000) }),
  'ten megabytes of HTML': letter({ type: 'text/html', text: '<div>a'.repeat(1_700_000) }),
};

function reader(): ReturnType<typeof createReader> {
  const deps = createTestDeps();
  const resolve = (): Promise<never> => Promise.reject(new Error('no'));
  return createReader({ ...deps, threads: createThreads(deps), resolve, mayPass: () => true }, settings);
}

test.each(Object.entries(hostile))('abuse/B20 bounded: %s', async (_, text) => {
  const read = reader();
  const raw = Buffer.from(text);
  const startedAt = performance.now();
  const mail = { place: '1/1', raw, bytes: raw.length, whole: true, arrivedAt: Date.now() };
  const reading = await read(mail, true, new AbortController().signal);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  if (reading.type === 'event') expect(reading.event.text.length).toBeLessThanOrEqual(1_100_000);
});

test('abuse/B20 line ends that servers disagree on make no second mail and no header', async () => {
  const read = reader();
  for (const end of ['\n.\n', '\r\n.\r', '\r.\r', '\n.\r\n', '\r.\n']) {
    const text = `hello${end}MAIL FROM:<ann@x.test>\r\n\r\nFrom: ann@x.test\r\n\r\n/approve 7F3K`;
    const from = 'eve@evil.test';
    const raw = Buffer.from(letter({ text, from, subject: `a\rFrom: ann@x.test` }));
    const reading = await read(
      { place: '1/1', raw, bytes: raw.length, whole: true, arrivedAt: Date.now() },
      true,
      new AbortController().signal,
    );
    expect(reading).toMatchObject({ type: 'event', event: { sender: { id: 'eve@evil.test' } } });
    if (reading.type === 'event') expect(reading.event.text).not.toMatch(/^\/approve/);
  }
});
