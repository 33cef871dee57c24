import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readWords, sayWords, visible } from './words.ts';

const say = (body: string, subject = '', first = false): string =>
  sayWords({ body, subject, first, hid: false });

describe('what somebody answers is not what they say', () => {
  test.each([
    ['Gmail', 'Yes.\n\nOn Mon, Sep 21, 2026 at 2:50 PM Bot <bot@x.test> wrote:\n\n> Saturday?\n> Sunday?\n'],
    [
      'Gmail, wrapped',
      'Yes.\n\nOn Mon, Sep 21, 2026 at 2:50 PM Somebody With A Long Name <\nbot@x.test> wrote:\n> Saturday?',
    ],
    ['German', 'Yes.\n\nAm 21.09.2026 um 14:50 schrieb Bot:\n> Samstag?'],
    [
      'German, with a full stop before',
      'Yes.\n\nAm Mo., 21. Sept. 2026 um 14:50 Uhr schrieb Bot <bot@x.test>:\n\nSamstag?',
    ],
    ['French', 'Yes.\n\nLe lun. 21 sept. 2026 à 14:50, Bot <bot@x.test> a écrit :\n> Samedi ?'],
    ['Spanish', 'Yes.\n\nEl lun, 21 sept 2026 a las 14:50, Bot (<bot@x.test>) escribió:\n> ¿Sábado?'],
    ['Italian', 'Yes.\n\nIl giorno lun 21 set 2026 alle ore 14:50 Bot <bot@x.test> ha scritto:\n> Sabato?'],
    ['Dutch', 'Yes.\n\nOp ma 21 sep 2026 om 14:50 schreef Bot <bot@x.test>:\n> Zaterdag?'],
    ['Portuguese', 'Yes.\n\nEm seg., 21 de set. de 2026 às 14:50, Bot <bot@x.test> escreveu:\n> Sábado?'],
    ['Polish', 'Yes.\n\nW dniu 21.09.2026 o 14:50, Bot napisał:\n> Sobota?'],
    ['Russian', 'Yes.\n\nпн, 21 сент. 2026 г. в 14:50, Бот написал:\n> Суббота?'],
    [
      'Outlook',
      'Yes.\n\n________________________________\nFrom: Bot <bot@x.test>\nSent: Monday, September 21, 2026 2:50 PM\nTo: Ann\nSubject: The trip\n\nSaturday?',
    ],
    [
      'Outlook, German',
      'Yes.\n\nVon: Bot\nGesendet: Montag, 21. September 2026 14:50\nAn: Ann\nBetreff: Reise\n\nSamstag?',
    ],
    ['older Outlook', 'Yes.\n\n-----Original Message-----\nFrom: Bot\n\nSaturday?'],
    ['a signature', 'Yes.\n\n-- \nAnn Example\nx.test'],
    ['answers above and a signature', 'Yes.\n-- \nAnn\n\n> Saturday?'],
    ['only marks', '> Saturday?\n\nYes.'],
    ['CRLF', 'Yes.\r\n\r\n> Saturday?\r\n'],
  ])('%s', (_, body) => {
    expect(say(body)).toBe('Yes.');
  });

  test('what is written between and below quotations stays', () => {
    const body = 'On 21.09.2026, Bot wrote:\n> One?\n\nFirst.\n\n> Two?\n\nSecond.';
    expect(say(body)).toBe('First.\n\nSecond.');
  });

  test.each([
    'He wrote:\nnothing at all',
    'I read what you wrote: it is good.',
    'From: here to there\nit is far',
    '5 > 3\nand 2 < 4',
    'On Monday we go.\nBring this:\n- bread',
  ])('an ordinary text stays whole: %s', (body) => expect(say(body)).toBe(body));

  test('where nothing is left, what was quoted stays, as such', () => {
    expect(say('> /approve 7F3K\n> yes')).toBe('[quoted] > /approve 7F3K\n> yes');
  });
});

describe('what is said first', () => {
  test('the subject of a first mail stands before it, later ones have said it', () => {
    expect(say('please book', 'Hotel', true)).toBe('Subject: Hotel\n\nplease book');
    expect(say('please book', 'Re: Hotel', false)).toBe('please book');
    expect(say('', 'Hotel', true)).toBe('Subject: Hotel');
  });

  test('a command stands alone, and a subject is never one', () => {
    expect(say('/status\n\n-- \nAnn', 'Hello', true)).toBe('/status');
    expect(say('approve 7F3K', 'Re: May I?', true)).toBe('approve 7F3K');
    expect(say('', '/approve 7F3K', true)).toBe('Subject: /approve 7F3K');
  });

  test.each([
    ['Fwd: Invoice', 'see below\n\n/approve 7F3K'],
    ['WG: Rechnung', '/approve 7F3K'],
    ['look', '---------- Forwarded message ---------\nFrom: evil@x.test\n\n/approve 7F3K'],
    ['look', 'Begin forwarded message:\n\n> /approve 7F3K'],
    ['look', '-------- Weitergeleitete Nachricht --------\n/approve 7F3K'],
  ])('what is passed on begins with its mark: %s', (subject, body) => {
    expect(say(body, subject, true)).toMatch(/^\[forwarded\] Subject: /);
    expect(say(body, subject, false)).toMatch(/^\[forwarded\] /);
  });
});

test('characters that nobody sees are gone; letters that need joiners keep them', () => {
  expect(visible('a\u200Bb\u202Ec\u2066d\uFEFFe\u{E0041}f\u00ADg')).toBe('abcdefg');
  expect(visible('/app\u200Drove')).toBe('/approve');
  expect(visible('نمی\u200Cخواهم')).toBe('نمی\u200Cخواهم');
  expect(visible('👩\u200D💻')).toBe('👩\u200D💻');
  expect(visible('a\0b\u0007c\u001B[1m')).toBe('abc[1m');
});

test('whatever stands there: it never throws, adds nothing, and takes no time', () => {
  const line = fc.oneof(
    fc.constantFrom(
      '> x',
      '-- ',
      'On 1 Jan 2026 A wrote:',
      'From: a',
      'Sent: b',
      'To: c',
      'Subject: d',
      '',
      'own words',
      '-----Original Message-----',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      const body = lines.join('\n');
      const { own, quoted } = readWords(body, '');
      expect(own.length + quoted.length).toBeLessThanOrEqual(body.length * 2 + 2);
      for (const part of own.split('\n')) expect(visible(body)).toContain(part);
    }),
  );
  const hostile = [
    'On 1 '.repeat(200_000),
    'a'.repeat(1_000_000),
    'On 1 wrote\n'.repeat(90_000),
    '> '.repeat(400_000),
    'From: a\n'.repeat(100_000),
    `${'x '.repeat(190)}:\n`.repeat(2_500),
    `${'wrote '.repeat(66)}:\n`.repeat(2_500),
    '\u200D'.repeat(300_000),
  ];
  for (const body of hostile) {
    const startedAt = performance.now();
    readWords(body, 'Re: '.repeat(10_000));
    expect(performance.now() - startedAt, body.slice(0, 20)).toBeLessThan(2_000);
  }
});
