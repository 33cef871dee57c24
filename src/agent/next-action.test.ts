import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StepBody } from '#core/step.ts';
import { anyBody, decision, end, input, intent, reply, result, stepsOf } from '#test/agent/steps.ts';
import { nextAction } from './next-action.ts';

const approved = 'approved:7F3K:c1';
const asks = reply('', ['c1', 'run'], ['c2', 'run']);

test.each<[string, readonly StepBody[], object]>([
  ['nothing yet', [], { type: 'call-model' }],
  ['a message', [input('hi')], { type: 'call-model' }],
  ['an answer', [input('hi'), reply('hello')], { type: 'finish' }],
  [
    'an answer, and a message behind it',
    [input('hi'), reply('hello'), input('wait')],
    { type: 'call-model' },
  ],
  ['calls', [input('hi'), asks], { type: 'run-tools', calls: [{ intent: null }, { intent: null }] }],
  [
    'a crash after an intent',
    [input('hi'), asks, intent('c2', 'once')],
    {
      type: 'run-tools',
      calls: [
        { call: { id: 'c1' }, intent: null },
        { call: { id: 'c2' }, intent: { effect: 'once' } },
      ],
    },
  ],
  [
    'a crash after one result',
    [input('hi'), asks, intent('c1'), intent('c2'), result('c1')],
    { type: 'run-tools', calls: [{ call: { id: 'c2' }, intent: { callId: 'c2' } }] },
  ],
  ['all results', [input('hi'), asks, result('c1'), result('c2')], { type: 'call-model' }],
  [
    'results of an earlier reply',
    [asks, result('c1'), result('c2'), asks, result('c1')],
    { type: 'run-tools', calls: [{ call: { id: 'c2' } }] },
  ],
  ['an ask', [input('hi'), asks, result('c1'), result('c2', '…', 'awaiting-approval')], { type: 'park' }],
  [
    'an ask and an open call',
    [asks, result('c2', '…', 'awaiting-approval')],
    { type: 'run-tools', calls: [{ call: { id: 'c1' } }] },
  ],
  [
    'an ask that a message met',
    [asks, result('c1'), result('c2', '…', 'awaiting-approval'), input('so?')],
    { type: 'park' },
  ],
  ['a yes', [decision()], { type: 'run-approved', intent: null }],
  [
    'a yes, and a crash after the intent',
    [decision(), intent(approved, 'once')],
    { type: 'run-approved', intent: { callId: approved } },
  ],
  ['a yes and its result', [decision(), intent(approved), result(approved)], { type: 'call-model' }],
  [
    'a yes, its result and calls',
    [decision(), intent(approved), result(approved), asks],
    { type: 'run-tools' },
  ],
  ['a no', [decision('denied')], { type: 'call-model' }],
  ['no decision in time', [decision('expired')], { type: 'call-model' }],
  ['an end', [input('hi'), asks, end('cancelled')], { type: 'ended' }],
  ['an end with something behind it', [input('hi'), end(), input('late')], { type: 'ended' }],
])('%s', (_name, bodies, action) => {
  expect(nextAction(stepsOf(bodies))).toMatchObject(action);
});

test('it is total, and a call with a result is never run again', () => {
  fc.assert(
    fc.property(fc.array(anyBody, { maxLength: 25 }), (bodies) => {
      const action = nextAction(stepsOf(bodies));
      if (bodies.some((body) => body.kind === 'end')) expect(action.type).toBe('ended');
      if (action.type !== 'run-tools') return;
      const lastReply = bodies.findLastIndex((body) => body.kind === 'reply');
      const answered = bodies
        .slice(lastReply)
        .flatMap((body) => (body.kind === 'result' ? [body.callId] : []));
      for (const { call } of action.calls) expect(answered).not.toContain(call.id);
    }),
  );
});

test('each step of a turn leads on: what the action writes next changes the action', () => {
  const life = [
    input('hi'),
    asks,
    intent('c1'),
    result('c1'),
    intent('c2', 'once'),
    result('c2'),
    reply('done'),
    end(),
  ];
  const actions = life.map((_, k) => nextAction(stepsOf(life.slice(0, k + 1))).type);
  expect(actions).toEqual([
    'call-model',
    'run-tools',
    'run-tools',
    'run-tools',
    'run-tools',
    'call-model',
    'finish',
    'ended',
  ]);
});
