import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Abilities, NewDelivery } from '#core/delivery.ts';
import type { Saying } from '#core/ports/compose.ts';
import { createIds } from '#lib/ids.ts';
import { createCompose, repeatedMark } from '#outbox/compose.ts';
import { createRender } from '#render/index.ts';
import { createManualClock } from '#test/kernel/clock.ts';
import { createTestChannel } from '#test/outbox/channel.ts';

const yes = { label: 'Yes', value: '/yes' };

function say(markdown: string, abilities: Partial<Abilities> = {}, saying: Partial<Saying> = {}) {
  const clock = createManualClock();
  const telegram = createTestChannel('telegram', clock, abilities);
  const compose = createCompose({
    render: createRender(),
    ids: createIds(clock),
    abilities: (name) => (name === 'telegram' ? telegram.abilities : null),
  });
  const rows = compose.say({
    chat: 'telegram:7',
    markdown,
    key: 'k',
    replyTo: '5',
    buttons: [yes],
    editOf: null,
    ...saying,
  });
  return rows.map((row) => ({ ...row, text: textOf(row) }));
}

function textOf({ body }: NewDelivery): string {
  return 'text' in body ? body.text : '';
}

test('words become rows in the first dialect: the first answers, the last has the buttons', () => {
  const rows = say(`${'**one** '.repeat(20)}\n\n${'two '.repeat(20)}`, { maxText: 200 });
  expect(rows.map(({ key, body }) => [key, body.kind])).toEqual(rows.map((_, i) => [`k:${i}`, 'message']));
  expect(rows.map(({ body }) => body.kind === 'message' && body.replyTo)).toEqual(
    rows.map((_, i) => (i === 0 ? '5' : null)),
  );
  expect(rows.map(({ body }) => 'buttons' in body && body.buttons)).toEqual(
    rows.map((_, i) => (i === rows.length - 1 ? [yes] : [])),
  );
  expect(rows.length).toBeGreaterThan(1);
  expect(rows[0]?.text).toContain('<b>one</b>');
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
});

test('what is said in a chat that is heard elsewhere goes there, as it can be shown there', () => {
  const clock = createManualClock();
  const telegram = createTestChannel('telegram', clock, { maxText: 200 });
  const compose = createCompose({
    render: createRender(),
    ids: createIds(clock),
    abilities: (name) => (name === 'telegram' ? telegram.abilities : null),
    destination: ({ channel }) => (channel === 'webhook' ? 'telegram:7' : null),
  });
  const saying = { markdown: '**one**', key: 'k', replyTo: '5', buttons: [], editOf: null };
  const [row] = compose.say({ ...saying, chat: 'webhook:ci/1' });
  expect(row).toMatchObject({ chat: 'telegram:7', body: { replyTo: null, text: '<b>one</b>' } });
  expect(compose.abilitiesOf('webhook:ci/1')).toBe(telegram.abilities);
  expect(compose.destinationOf('webhook:ci/1')).toBe('telegram:7');
  expect(compose.destinationOf('slack:1')).toBe('slack:1');
});

test('a preview is replaced by the first of them', () => {
  const rows = say(
    `${'one '.repeat(40)}\n\n${'two '.repeat(40)}`,
    { maxText: 200 },
    { editOf: 'dlv_preview' },
  );
  expect(rows[0]?.body).toMatchObject({ kind: 'edit', target: 'dlv_preview' });
  expect(rows.slice(1).map(({ body }) => body.kind)).toEqual(rows.slice(1).map(() => 'message'));
});

test('where the platform has no buttons none are asked for', () => {
  expect(say('hello', { buttons: false })).toMatchObject([{ body: { buttons: [] } }]);
});

test('nothing is queued for a chat that is read from the rows, or whose channel is unknown', () => {
  expect(say('hello', { delivery: 'pull' })).toEqual([]);
  expect(say('hello', {}, { chat: 'discord:7' })).toEqual([]);
  expect(say('hello', {}, { chat: 'telegram:%' })).toEqual([]);
});

test('an answer that shows nothing is not swallowed: it is shown as it was written', () => {
  for (const markdown of ['```\n```', '> ', '&nbsp;']) {
    const [row, ...others] = say(markdown, {}, { editOf: 'dlv_preview' });
    expect(row?.text.trim()).not.toBe('');
    expect(others).toEqual([]);
  }
  expect(say('')).toEqual([]);
  expect(say(' \n ')).toEqual([]);
});

test('every text leaves room for the mark, in the unit that the platform counts', () => {
  const sizes = {
    utf16: (text: string) => text.length,
    codepoints: (text: string) => Array.from(text).length,
    bytes: (text: string) => Buffer.byteLength(text),
  };
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 2_000 }),
      fc.constantFrom('utf16', 'codepoints', 'bytes'),
      fc.constantFrom('telegram-html', 'plain', 'html', 'terminal'),
      (markdown, countedAs, dialect) => {
        const maxText = 120;
        for (const { text } of say(markdown, { maxText, countedAs, dialects: [dialect] })) {
          expect(sizes[countedAs](`${text}\n${repeatedMark}`)).toBeLessThanOrEqual(maxText);
        }
      },
    ),
    { numRuns: 200 },
  );
});
