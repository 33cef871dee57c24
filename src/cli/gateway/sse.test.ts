import { array, assert, constantFrom, integer, nat, property, record, string } from 'fast-check';
import { expect, test } from 'vitest';
import { createSseParser, type SseEvent } from './sse.ts';

const parse = (...pieces: string[]): SseEvent[] => {
  const parser = createSseParser();
  return pieces.flatMap((piece) => [...parser.push(piece)]);
};

test('id, event and data of a block', () => {
  expect(parse('id: 7\nevent: reply\ndata: {"a":1}\n\n')).toEqual([
    { id: '7', event: 'reply', data: '{"a":1}' },
  ]);
});

test('an event without an id keeps the last one: that is where to resume', () => {
  expect(parse('id: 7\ndata: a\n\nevent: delta\ndata: b\n\n')).toEqual([
    { id: '7', event: 'message', data: 'a' },
    { id: '7', event: 'delta', data: 'b' },
  ]);
});

test('a block with an id alone tells where the stream begins', () => {
  expect(parse('retry: 1000\nid: 12\n\n')).toEqual([{ id: '12', event: 'message', data: null }]);
});

test('comments, unknown fields, and a block that never ended', () => {
  expect(parse(': alive\n\nretry: 5\n\nfoo: bar\ndata\ndata:  x\n\ndata: cut off\n')).toEqual([
    { id: '', event: 'message', data: '\n x' },
  ]);
});

test('CR LF cut between two pieces is one line break', () => {
  expect(parse('data: a\r', '\ndata: b\r\n\r', '\n')).toEqual([{ id: '', event: 'message', data: 'a\nb' }]);
});

const lineBreak = constantFrom('\n', '\r', '\r\n');
const plain = string({ unit: constantFrom('a', ' ', ':', '{', '}', 'é', '😀') });
const written = record({
  id: nat(),
  event: constantFrom('reply', 'delta', 'notice'),
  data: array(plain, { minLength: 1, maxLength: 3 }),
});

test('whatever is written is read, with any line break and cut anywhere', () => {
  assert(
    property(array(written), lineBreak, array(integer({ min: 1, max: 9 })), (events, end, cuts) => {
      const text = events
        .map(({ id, event, data }) =>
          [`id: ${id}`, `event: ${event}`, ...data.map((line) => `data: ${line}`), '', ''].join(end),
        )
        .join('');
      const pieces: string[] = [];
      let rest = text;
      for (const cut of cuts) {
        pieces.push(rest.slice(0, cut));
        rest = rest.slice(cut);
      }
      expect(parse(...pieces, rest)).toEqual(
        events.map(({ id, event, data }) => ({ id: String(id), event, data: data.join('\n') })),
      );
    }),
  );
});
