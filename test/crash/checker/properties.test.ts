import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sighting, Verdict } from '../history.ts';
import { acknowledged, asked, edit, effect, inTime, killed, piece, said, sent, started } from './builder.ts';
import { judge } from './judge.ts';

/** How one answer comes about; each is right. */
const fates = [
  'plain',
  'asked again',
  'previewed',
  'keyed again',
  'killed behind the reply',
  'sent again',
  'preview sent again',
] as const;
type Fate = (typeof fates)[number];

interface Answer {
  readonly chat: string;
  /** Answered together. */
  readonly messages: readonly string[];
  readonly fate: Fate;
  readonly tools: boolean;
  readonly history: readonly Sighting[];
}

interface Right {
  readonly answers: readonly Answer[];
  readonly history: readonly Sighting[];
}

const answerArbitrary = fc.record({
  size: fc.integer({ min: 1, max: 3 }),
  fate: fc.constantFrom(...fates),
  tools: fc.boolean(),
});

/** A history without fault: chats side by side, each with its answers one after the other, with and without kills. */
const right: fc.Arbitrary<Right> = fc
  .record({
    chats: fc.array(fc.array(answerArbitrary, { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    }),
    lots: fc.array(fc.nat(), { minLength: 200, maxLength: 200 }),
  })
  .map(({ chats, lots }) => {
    let count = 0;
    const answers = chats.map((plans, index) =>
      plans.map(({ size, fate, tools }): Answer => {
        const messages = Array.from({ length: size }, () => `m${(count += 1)}`);
        const shape = { chat: `telegram:${index}`, messages, fate, tools };
        return { ...shape, history: historyOf(shape) };
      }),
    );
    const lanes = answers.map((inChat) => inChat.flatMap((answer) => answer.history));
    return { answers: answers.flat(), history: inTime(interleave(lanes, lots)) };
  });

function historyOf({ chat, messages, fate, tools }: Omit<Answer, 'history'>): readonly Sighting[] {
  const [head = ''] = messages;
  const [place, again] = [`${head}-1`, `${head}-2`];
  const restart = [killed(0), started(0)];
  const start = asked(messages);
  const acts = [effect('pure', head), effect('keyed', head), effect('once', head)];
  const afterTools = tools ? [...acts, asked(messages, 'results')] : [];
  const heard = messages.flatMap((message) => [said(message, { chat, tools }), acknowledged(message)]);
  const whole = sent(messages, { chat, place });
  const byFate: Readonly<Record<Fate, readonly Sighting[]>> = {
    plain: [start, ...afterTools, whole],
    'asked again': [start, ...restart, start, ...afterTools, whole],
    previewed: [start, ...afterTools, piece([head], { chat, place }), edit(messages, { chat, place })],
    'keyed again': [start, effect('keyed', head), ...restart, ...acts, asked(messages, 'results'), whole],
    'killed behind the reply': [
      start,
      killed(0, { how: 'failpoint', point: 'after append', committed: [{ message: head, stage: 'start' }] }),
      started(0),
      ...afterTools,
      whole,
    ],
    'sent again': [
      start,
      ...afterTools,
      { ...whole, answeredAt: null },
      ...restart,
      sent(messages, { chat, place: again, marked: true }),
    ],
    'preview sent again': [
      start,
      ...afterTools,
      piece([head], { chat, place, answeredAt: null }),
      ...restart,
      tools ? asked(messages, 'results') : start,
      piece([head], { chat, place: again, marked: true }),
      edit(messages, { chat, place: again, marked: true }),
    ],
  };
  return [...heard, ...byFate[fate]];
}

/** Each lane keeps its order. */
function interleave(lanes: readonly (readonly Sighting[])[], lots: readonly number[]): readonly Sighting[] {
  const rest = lanes.map((lane) => [...lane]);
  const mixed: Sighting[] = [];
  for (let turn = 0; rest.some((lane) => lane.length > 0); turn += 1) {
    const open = rest.filter((lane) => lane.length > 0);
    const next = open[(lots[turn % lots.length] ?? 0) % open.length]?.shift();
    if (next !== undefined) mixed.push(next);
  }
  return mixed;
}

function isOf(answer: Answer, seen: Sighting): boolean {
  return (
    seen.type === 'sent' &&
    seen.chat === answer.chat &&
    seen.messages.some((m) => answer.messages.includes(m))
  );
}

const faults = ['lost', 'duplicated', 'reordered', 'effectsTwice', 'modelCallsRepeatedAfterCommit'] as const;
type Fault = (typeof faults)[number];

/** One thing that goes wrong; null where it cannot with this answer. */
type Corruption = (right: Right, answer: Answer) => readonly Sighting[] | null;

const corruptions: readonly (readonly [what: string, fault: Fault, corrupt: Corruption])[] = [
  ['the answer is dropped', 'lost', ({ history }, answer) => history.filter((seen) => !isOf(answer, seen))],
  [
    'the answer stays a beginning',
    'lost',
    ({ history }, answer) => history.map((seen) => (isOf(answer, seen) ? { ...seen, whole: false } : seen)),
  ],
  [
    'the answer comes again without a mark',
    'duplicated',
    ({ history }, { messages, chat }) => [...history, sent(messages, { chat, place: 'again' })],
  ],
  [
    'the repeat loses its mark',
    'duplicated',
    ({ history }, answer) =>
      answer.fate.endsWith('sent again')
        ? history.map((seen) => (isOf(answer, seen) ? { ...seen, marked: false } : seen))
        : null,
  ],
  [
    'the answer comes after a later one',
    'reordered',
    ({ history, answers }, answer) =>
      answers.findLast(({ chat }) => chat === answer.chat) === answer
        ? null
        : [...history.filter((seen) => !isOf(answer, seen)), ...history.filter((seen) => isOf(answer, seen))],
  ],
  [
    'a once tool acts again',
    'effectsTwice',
    ({ history }, { messages }) => {
      const done = history.find(
        (seen) => seen.type === 'effect' && seen.effect === 'once' && messages.includes(seen.message),
      );
      return done === undefined ? null : [...history, done];
    },
  ],
  [
    'a keyed tool acts again with another key',
    'effectsTwice',
    ({ history }, { messages: [head = ''], tools }) =>
      tools ? [...history, effect('keyed', head, 'another')] : null,
  ],
  [
    'the model is asked again after the answer was seen',
    'modelCallsRepeatedAfterCommit',
    ({ history }, { messages, tools }) => [...history, asked(messages, tools ? 'results' : 'start')],
  ],
];

function faultsOf(verdict: Verdict): readonly Fault[] {
  return faults.filter((fault) => verdict[fault] > 0);
}

test('a history without fault is found clean, and every repeat in it is flagged and explained', () => {
  fc.assert(
    fc.property(right, ({ history, answers }) => {
      const verdict = judge(history);
      expect(verdict.problems).toEqual([]);
      expect(faultsOf(verdict)).toEqual([]);
      expect(verdict.flagged).toBe(answers.filter(({ fate }) => fate.endsWith('sent again')).length);
      expect(verdict.flagged).toBeLessThanOrEqual(verdict.openSends);
    }),
    { numRuns: 300 },
  );
});

test.each(corruptions)('%s: %s, and nothing else', (_, fault, corrupt) => {
  fc.assert(
    fc.property(right, fc.nat(), (right, lot) => {
      const answer = right.answers[lot % right.answers.length];
      const corrupted = answer === undefined ? null : corrupt(right, answer);
      fc.pre(corrupted !== null);
      expect(faultsOf(judge(corrupted ?? []))).toEqual([fault]);
    }),
    { numRuns: 200 },
  );
});
