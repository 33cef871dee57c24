import { expect, test } from 'vitest';
import type { Delivery } from '#core/delivery.ts';
import type { Step, StepBody } from '#core/step.ts';
import type { Turn, TurnStatus } from '#core/turn.ts';
import { noon } from '#test/kernel/clock.ts';
import type { TurnReport } from './surface.ts';
import { explainTurn } from './why.ts';

const started = noon;
const minute = 60_000;

function turnThatIs(status: TurnStatus, more: Partial<Turn> = {}): Turn {
  return {
    id: 'trn_1',
    conversation: 'cnv_1',
    chat: 'telegram:7',
    direct: true,
    person: 'ann',
    role: 'owner',
    status,
    epoch: 1,
    attempts: 1,
    solo: false,
    sealed: false,
    dueAt: started,
    startedAt: started,
    endedAt: null,
    reason: null,
    ...more,
  };
}

function report(
  turn: Turn,
  bodies: readonly StepBody[] = [],
  deliveries: readonly Delivery[] = [],
): TurnReport {
  const steps = bodies.map((body, index): Step => {
    return { seq: index + 1, conversation: 'cnv_1', turn: 'trn_1', at: started + index * 500, body };
  });
  return { turn, steps, deliveries, events: [], spend: [] };
}

function lastLine(turn: Turn, deliveries: readonly Delivery[] = []): string | undefined {
  return explainTurn(report(turn, [], deliveries), started + minute).at(-1);
}

test.each<[TurnStatus, Partial<Turn>, string]>([
  ['running', {}, 'It is running now, attempt 1.'],
  ['running', { attempts: 3, reason: 'broken' }, 'It is running now, attempt 3; last trouble: broken'],
  [
    'running',
    { attempts: 3, reason: 'broken', dueAt: started + minute + 3_500 },
    'Attempt 3 failed; it is tried again in 4 s; last trouble: broken',
  ],
  ['parked', {}, 'It waits for a decision: `tiro approvals` lists it.'],
  ['done', {}, 'It is done.'],
  ['failed', { reason: 'auth: no key' }, 'It failed: auth: no key. `tiro turns redrive trn_1` tries again.'],
  ['failed', {}, 'It failed: no reason was kept. `tiro turns redrive trn_1` tries again.'],
  ['cancelled', { reason: 'stopped by ann' }, 'It was cancelled: stopped by ann.'],
  ['dead', { reason: 'given up' }, 'It was given up: given up. `tiro turns redrive trn_1` tries again.'],
])('%s %j', (status, more, expected) => {
  expect(lastLine(turnThatIs(status, more))).toBe(expected);
});

const delivery: Delivery = {
  id: 'dlv_1',
  key: 'final:trn_1:0',
  chat: 'telegram:7',
  body: { kind: 'delete', target: 'dlv_0' },
  preview: false,
  turn: 'trn_1',
  conversation: 'cnv_1',
  status: 'dead',
  attempts: 9,
  dueAt: 0,
  createdAt: 0,
  sentAt: null,
  platformId: null,
  targetPlatformId: null,
  repeated: true,
  reason: 'blocked by the user',
};

test.each(['done', 'failed', 'cancelled', 'dead'] as const)(
  '%s: a delivery that was given up is said',
  (status) => {
    const lines = explainTurn(report(turnThatIs(status), [], [delivery]), started);
    expect(lines).toContain(
      'delivery dlv_1 (delete) is dead, possibly repeated, 9 failed attempts (blocked by the user)',
    );
    expect(lines.at(-1)).toBe('A delivery was given up: `tiro outbox redrive ID` sends it again.');
  },
);

test('each step is a sentence, in order and with its time', () => {
  const bodies: readonly StepBody[] = [
    { kind: 'input', event: 'evt_1', person: 'ann', name: 'Ann', text: 'a\n\n b', files: [], at: 0 },
    {
      kind: 'reply',
      text: '',
      toolCalls: [{ id: 'c1', name: 'now', arguments: '{}' }],
      model: 'm',
      usage: null,
      finish: 'tool-calls',
    },
    {
      kind: 'intent',
      callId: 'c1',
      tool: 'now',
      arguments: '{}',
      effect: 'pure',
      effectKey: 'k',
      planHash: 'h',
    },
    { kind: 'result', callId: 'c1', tool: 'now', outcome: 'ok', content: 'x'.repeat(500) },
    {
      kind: 'decision',
      approval: '7F3K',
      decision: 'denied',
      by: 'ann',
      reason: 'no',
      callId: 'c',
      tool: 'run',
      arguments: '{}',
      planHash: 'h',
    },
    { kind: 'reply', text: 'there', toolCalls: [], model: 'm', usage: null, finish: 'stop' },
    { kind: 'said', text: 'elsewhere' },
    { kind: 'notice', text: 'sorry' },
    { kind: 'end', status: 'done', reason: null },
  ];
  const lines = explainTurn(report(turnThatIs('done'), bodies), started + 3 * 3_600_000);
  expect(lines).toEqual([
    'Turn trn_1 of ann in telegram:7, started 3 h ago.',
    '+0.00 s Ann wrote: a b',
    '+0.50 s m asked for now',
    '+1.00 s now was about to run (pure): {}',
    `+1.50 s now → ok: ${'x'.repeat(119)}…`,
    '+2.00 s approval 7F3K was denied by ann: no',
    '+2.50 s m answered: there',
    '+3.00 s said here from another chat: elsewhere',
    '+3.50 s told the person: sorry',
    '+4.00 s ended as done',
    'It is done.',
  ]);
});
