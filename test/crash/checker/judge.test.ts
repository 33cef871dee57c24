import { describe, expect, test } from 'vitest';
import type { Sighting, Verdict } from '../history.ts';
import { acknowledged, asked, edit, effect, killed, piece, said, sent, started } from './builder.ts';
import { judge } from './judge.ts';

const other = 'api:ann';

/** What the verdict holds beside zeros. */
function findings(history: readonly Sighting[]): Partial<Omit<Verdict, 'problems'>> {
  const { problems: _, ...counts } = judge(history);
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

type Row = readonly [what: string, history: readonly Sighting[], found: ReturnType<typeof findings>];

const answered = [said('m1'), asked(['m1']), sent(['m1'], { place: '1' })];

const lost: readonly Row[] = [
  ['nothing happened', [], {}],
  ['answered', answered, {}],
  ['not answered', [said('m1')], { lost: 1 }],
  ['not answered after the platform was told', [said('m1'), acknowledged('m1')], { lost: 1 }],
  ['only the beginning is shown', [said('m1'), piece(['m1'], { place: '1' })], { lost: 1 }],
  [
    'the beginning becomes whole by an edit',
    [said('m1'), piece(['m1'], { place: '1' }), edit(['m1'], { place: '1' })],
    {},
  ],
  [
    'the answer is overwritten by its own beginning',
    [...answered, edit(['m1'], { place: '1', whole: false })],
    { lost: 1 },
  ],
  [
    'the answer is overwritten by another one',
    [...answered, said('m2'), edit(['m2'], { place: '1' })],
    { lost: 1 },
  ],
  ['words of Tiro are no answer', [said('m1'), sent([], { place: '1' })], { lost: 1 }],
  ['in another chat', [said('m1'), sent(['m1'], { place: '1', chat: other })], { lost: 1 }],
  ['one answer for several', [said('m1'), said('m2'), sent(['m1', 'm2'], { place: '1' })], {}],
  [
    'one answer that forgets one of several',
    [said('m1'), said('m2'), sent(['m1'], { place: '1' })],
    { lost: 1 },
  ],
  ['given again by the platform', [said('m1'), said('m1'), sent(['m1'], { place: '1' })], {}],
];

const repeats: readonly Row[] = [
  ['the same answer again', [...answered, sent(['m1'], { place: '2' })], { duplicated: 1 }],
  [
    'two more of it',
    [...answered, sent(['m1'], { place: '2' }), sent(['m1'], { place: '3' })],
    { duplicated: 2 },
  ],
  ['edits are no deliveries', [...answered, edit(['m1'], { place: '1' }), edit(['m1'], { place: '1' })], {}],
  [
    'an answer to several, again, is one delivery',
    [said('m1'), said('m2'), sent(['m1', 'm2'], { place: '1' }), sent(['m1', 'm2'], { place: '2' })],
    { duplicated: 1 },
  ],
  [
    'answered together, and one of them alone',
    [said('m1'), said('m2'), sent(['m1', 'm2'], { place: '1' }), sent(['m2'], { place: '2' })],
    { duplicated: 1 },
  ],
  [
    'a preview that was left and the answer beside it',
    [said('m1'), piece(['m1'], { place: '1' }), sent(['m1'], { place: '2' })],
    { duplicated: 1 },
  ],
  [
    'a preview that was left and a marked answer',
    [said('m1'), piece(['m1'], { place: '1' }), sent(['m1'], { place: '2', marked: true })],
    { flagged: 1 },
  ],
  [
    'a marked preview that loses its mark when it is whole',
    [
      said('m1'),
      piece(['m1'], { place: '1' }),
      piece(['m1'], { place: '2', marked: true }),
      edit(['m1'], { place: '2' }),
    ],
    { duplicated: 1 },
  ],
  ['marked, and nothing to repeat', [said('m1'), sent(['m1'], { place: '1', marked: true })], {}],
  [
    'marked twice',
    [said('m1'), sent(['m1'], { place: '1', marked: true }), sent(['m1'], { place: '2', marked: true })],
    { flagged: 1 },
  ],
  [
    'the late call of a stopped process behind the marked repeat',
    [said('m1'), sent(['m1'], { place: '1', marked: true }), sent(['m1'], { place: '2' })],
    { flagged: 1 },
  ],
  [
    'a mark does not excuse two without it',
    [...answered, sent(['m1'], { place: '2', marked: true }), sent(['m1'], { place: '3' })],
    { duplicated: 1, flagged: 1 },
  ],
  ['also said in another chat', [...answered, sent(['m1'], { place: '1', chat: other })], { duplicated: 1 }],
  ['words of Tiro may come twice', [...answered, sent([], { place: '2' }), sent([], { place: '3' })], {}],
];

const at = (ms: number, answeredAt: number | null, place = '1') =>
  sent(['m1'], { place, at: ms, answeredAt });
const opens: readonly Row[] = [
  ['unanswered at a kill', [said('m1'), at(0, null), killed(5_000)], { openSends: 1, kills: 1 }],
  ['answered 99 ms before', [said('m1'), at(0, 901), killed(1_000)], { openSends: 1, kills: 1 }],
  ['answered 100 ms before', [said('m1'), at(0, 900), killed(1_000)], { kills: 1 }],
  ['answered after the kill', [said('m1'), at(999, 1_001), killed(1_000)], { openSends: 1, kills: 1 }],
  [
    'read by the platform after the kill',
    [said('m1'), killed(1_000), at(1_001, 1_002), started(1_100)],
    { openSends: 1, kills: 1 },
  ],
  [
    'of the next one before it says that it is ready',
    [said('m1'), killed(1_000), at(1_100, 1_102), started(1_200)],
    { kills: 1 },
  ],
  ['of the next one', [said('m1'), killed(1_000), started(1_100), at(1_101, 1_102)], { kills: 1 }],
  [
    'open at two kills, once',
    [said('m1'), at(0, null), killed(1), started(2), killed(3)],
    { openSends: 1, kills: 2 },
  ],
  [
    'an edit is no send',
    [said('m1'), at(0, 1), edit(['m1'], { place: '1', at: 900, answeredAt: null }), killed(1_000)],
    { kills: 1 },
  ],
  [
    'open when a second gateway takes over',
    [said('m1'), at(0, null), killed(1_000, { how: 'stop' })],
    { openSends: 1, kills: 1 },
  ],
  ['no kill', [said('m1'), at(0, null)], {}],
];

const first = sent(['m1'], { place: '1' });
const second = sent(['m2'], { place: '2' });
const order: readonly Row[] = [
  ['in order', [said('m1'), said('m2'), first, second], {}],
  ['the second first', [said('m1'), said('m2'), second, first], { reordered: 1 }],
  [
    'two that came too late',
    [said('m1'), said('m2'), said('m3'), sent(['m3'], { place: '3' }), first, second],
    { reordered: 2 },
  ],
  [
    'a chat does not wait for another',
    [said('m1'), said('m2', { chat: other }), sent(['m2'], { place: '1', chat: other }), first],
    {},
  ],
  [
    'a repeat does not count',
    [said('m1'), said('m2'), first, second, sent(['m1'], { place: '3', marked: true })],
    { flagged: 1 },
  ],
  ['the lost one is not out of order', [said('m1'), said('m2'), second], { lost: 1 }],
  [
    'a preview is no answer yet',
    [said('m1'), said('m2'), piece(['m2'], { place: '2' }), first, edit(['m2'], { place: '2' })],
    {},
  ],
  ['within one answer', [said('m1'), said('m2'), sent(['m2', 'm1'], { place: '1' })], { reordered: 1 }],
];

const effects: readonly Row[] = [
  ['once', [...answered, effect('once', 'm1')], {}],
  ['once, twice', [...answered, effect('once', 'm1'), effect('once', 'm1', 'k2')], { effectsTwice: 1 }],
  [
    'once, twice with one key',
    [...answered, effect('once', 'm1'), effect('once', 'm1')],
    { effectsTwice: 1 },
  ],
  ['keyed again with its key', [...answered, effect('keyed', 'm1'), effect('keyed', 'm1')], {}],
  [
    'keyed with three keys',
    [...answered, effect('keyed', 'm1'), effect('keyed', 'm1', 'k2'), effect('keyed', 'm1', 'k3')],
    { effectsTwice: 2 },
  ],
  ['pure, often', [...answered, effect('pure', 'm1'), effect('pure', 'm1', 'k2')], {}],
  [
    'once for each of two messages',
    [...answered, said('m2'), effect('once', 'm1'), effect('once', 'm2'), second],
    {},
  ],
  [
    'two once tools for one message',
    [...answered, effect('once', 'm1'), { ...effect('once', 'm1'), tool: 'bell' }],
    {},
  ],
];

const woken = (ms: number): Sighting => ({ type: 'woken', at: ms });
const askedAt = (ms: number): Sighting => ({ ...asked(['m1']), at: ms });
const wakes: readonly Row[] = [
  ['a call that was being written at the stop', [...answered, woken(0), askedAt(249)], { inFlight: 1 }],
  [
    'a second one at the same wake',
    [...answered, woken(0), askedAt(1), askedAt(2)],
    { inFlight: 1, modelCallsRepeatedAfterCommit: 1 },
  ],
  ['one that was begun later', [...answered, woken(0), askedAt(250)], { modelCallsRepeatedAfterCommit: 1 }],
  ['what is no repeat needs no excuse', [said('m1'), woken(0), askedAt(1), first], {}],
];

const atAppend = killed(0, { how: 'failpoint', point: 'after turns.append [reply]' });
const calls: readonly Row[] = [
  ['asked again before anything was seen', [said('m1'), asked(['m1']), asked(['m1']), first], {}],
  [
    'asked again after a preview',
    [said('m1'), asked(['m1']), piece(['m1'], { place: '1' }), asked(['m1']), edit(['m1'], { place: '1' })],
    {},
  ],
  ['asked again after its answer', [...answered, asked(['m1'])], { modelCallsRepeatedAfterCommit: 1 }],
  [
    'its tools asked for again after its answer',
    [...answered, asked(['m1'], 'results')],
    { modelCallsRepeatedAfterCommit: 1 },
  ],
  [
    'asked again after its tool acted',
    [said('m1'), asked(['m1']), effect('pure', 'm1'), asked(['m1']), first],
    { modelCallsRepeatedAfterCommit: 1 },
  ],
  [
    'asked with the results after its tool acted',
    [
      said('m1'),
      asked(['m1']),
      effect('pure', 'm1'),
      asked(['m1'], 'results'),
      asked(['m1'], 'results'),
      first,
    ],
    {},
  ],
  [
    'asked again after a kill behind the commit',
    [
      said('m1'),
      asked(['m1']),
      { ...atAppend, committed: [{ message: 'm1', stage: 'start' }] },
      started(0),
      asked(['m1']),
      first,
    ],
    { modelCallsRepeatedAfterCommit: 1, kills: 1 },
  ],
  [
    'asked with the results after that kill',
    [
      said('m1'),
      asked(['m1']),
      { ...atAppend, committed: [{ message: 'm1', stage: 'start' }] },
      started(0),
      asked(['m1'], 'results'),
      first,
    ],
    { kills: 1 },
  ],
  [
    'asked again after a kill before the commit',
    [said('m1'), asked(['m1']), atAppend, started(0), asked(['m1']), first],
    { kills: 1 },
  ],
  [
    'one of several was answered before',
    [...answered, said('m2'), asked(['m1', 'm2']), second],
    { modelCallsRepeatedAfterCommit: 1 },
  ],
];

describe.each([
  ['lost', lost],
  ['duplicated and flagged', repeats],
  ['openSends', opens],
  ['reordered', order],
  ['effectsTwice', effects],
  ['modelCallsRepeatedAfterCommit', calls],
  ['inFlight', wakes],
])('%s', (_, rows) => {
  test.each(rows)('%s', (_, history, found) => {
    expect(findings(history)).toEqual(found);
  });
});

test('each fault has a line that names its message', () => {
  const history = [said('m1'), said('m2'), ...answered, sent(['m1'], { place: '2' }), asked(['m1'])];
  expect(judge(history).problems).toEqual([
    'lost: m2 in telegram:7 (never acknowledged) has no whole answer',
    'duplicated: m1 is delivered again at 2 of telegram:7, unmarked',
    'modelCallsRepeatedAfterCommit: m1 (start) was asked for again: its answer had been seen',
  ]);
});
