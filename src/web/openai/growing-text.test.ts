import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Usage } from '#core/step.ts';
import { createGrowingText } from './growing-text.ts';
import type { Progress } from './watch.ts';

const at = { conversation: 'cnv_1', turn: 'trn_1' } as const;
const usage: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
const delta = (text: string): Progress => ({ type: 'delta', ...at, text });
const restart: Progress = { type: 'restart', ...at };
const reply = (text: string): Progress => ({ type: 'reply', text });

function grown(progress: readonly Progress[], answer: { text: string; ownWords: string | null }): string {
  const pieces: string[] = [];
  const text = createGrowingText((piece) => pieces.push(piece));
  for (const each of progress) text.hear(each);
  text.finish({ type: 'answer', finish: 'stop', usage, ...answer });
  expect(pieces).not.toContain('');
  return pieces.join('');
}

test.each([
  { why: 'deltas alone are the reply', heard: [delta('Hel'), delta('lo'), reply('Hello')], out: 'Hello' },
  { why: 'a reply completes what its deltas left out', heard: [delta('Hel'), reply('Hello')], out: 'Hello' },
  {
    why: 'a restart that says the same goes on',
    heard: [delta('Hel'), restart, delta('Hello'), reply('Hello you')],
    out: 'Hello you',
  },
  {
    why: 'a restart that says something else follows whole',
    heard: [delta('Hel'), restart, delta('Ave'), reply('Ave')],
    out: 'Hel\n\nAve',
  },
  {
    why: 'a restart before the first word changes nothing',
    heard: [restart, delta('Ave'), reply('Ave')],
    out: 'Ave',
  },
  {
    why: 'words between tool calls stay',
    heard: [delta('Let me look.'), reply('Let me look.'), delta('42'), reply('42')],
    out: 'Let me look.\n\n42',
  },
  { why: 'a call without words leaves no gap', heard: [reply(''), delta('42'), reply('42')], out: '42' },
])('$why', ({ heard, out }) => {
  expect(grown(heard, { text: heard.at(-1)?.type === 'reply' ? out : '', ownWords: null })).toBe(out);
});

test('what Tiro itself says comes after what the model said, once', () => {
  expect(
    grown([delta('I ask.'), reply('I ask.')], { text: 'I ask.\n\nApproval 7F3K', ownWords: 'Approval 7F3K' }),
  ).toBe('I ask.\n\nApproval 7F3K');
  expect(grown([delta('I was say')], { text: 'The model is away.', ownWords: 'The model is away.' })).toBe(
    'I was say\n\nThe model is away.',
  );
  expect(grown([], { text: 'stored answer', ownWords: null })).toBe('stored answer');
});

test('whatever was restarted, what goes out ends with the whole answer', () => {
  const words = fc.string({ minLength: 1, maxLength: 6 });
  const attempt = fc.record({ said: fc.array(words, { maxLength: 4 }), isKept: fc.boolean() });
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 4 }), words, (attempts, final) => {
      const heard = attempts.flatMap(({ said }) => [...said.map(delta), restart]);
      const out = grown([...heard, delta(final), reply(final)], { text: final, ownWords: null });
      expect(out.endsWith(final)).toBe(true);
    }),
  );
});
