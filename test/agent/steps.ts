import * as fc from 'fast-check';
import type { Step, StepBody } from '#core/step.ts';
import type { TurnId } from '#core/ids.ts';

/** Bodies become the steps of one turn, numbered from 1. */
export function stepsOf(bodies: readonly StepBody[], turn: TurnId = 'trn_1'): readonly Step[] {
  return bodies.map((body, index) => ({ seq: index + 1, conversation: 'cnv_1', turn, at: index, body }));
}

export const input = (text: string, at = 0): StepBody => ({
  kind: 'input',
  event: 'evt_1',
  person: 'ann',
  name: 'Ann',
  text,
  files: [],
  at,
});

export const reply = (
  text: string,
  ...calls: readonly (readonly [id: string, name: string, args?: string])[]
): Extract<StepBody, { kind: 'reply' }> => ({
  kind: 'reply',
  text,
  toolCalls: calls.map(([id, name, args = '{}']) => ({ id, name, arguments: args })),
  model: 'm',
  usage: null,
  finish: calls.length > 0 ? 'tool-calls' : 'stop',
});

export const intent = (callId: string, effect: 'pure' | 'keyed' | 'once' = 'pure'): StepBody => ({
  kind: 'intent',
  callId,
  tool: 'run',
  arguments: '{}',
  effect,
  effectKey: `key-${callId}`,
  planHash: 'hash',
});

export const result = (
  callId: string,
  content = 'done',
  outcome: Extract<StepBody, { kind: 'result' }>['outcome'] = 'ok',
): StepBody => ({ kind: 'result', callId, tool: 'run', outcome, content });

export const decision = (
  how: 'approved' | 'denied' | 'expired' = 'approved',
  more: Partial<Extract<StepBody, { kind: 'decision' }>> = {},
): Extract<StepBody, { kind: 'decision' }> => ({
  kind: 'decision',
  approval: '7F3K',
  decision: how,
  by: 'ann',
  reason: null,
  callId: 'c1',
  tool: 'run',
  arguments: '{}',
  planHash: 'hash',
  ...more,
});

const media = (content: string, outcome: 'text' | 'unreadable' = 'text', file = 0): StepBody => ({
  kind: 'media',
  event: 'evt_1',
  file,
  name: 'a.txt',
  mime: 'text/plain',
  outcome,
  content,
  path: null,
});

export const end = (status: 'done' | 'cancelled' | 'parked' | 'dead' = 'done'): StepBody => ({
  kind: 'end',
  status,
  reason: null,
});

const callIds = fc.constantFrom('c1', 'c2', 'c3', 'approved:7F3K:c1');
const words = fc.oneof(fc.constantFrom('', ' ', 'a', 'b'), fc.string({ unit: 'grapheme', maxLength: 20 }));
const args = fc.oneof(fc.constantFrom('', '{}', '[]', '5', '{"a":', 'null'), words);
const effects = fc.constantFrom('pure', 'keyed', 'once');

/** Any body in any order: what a turn may never look like is among them. */
export const anyBody: fc.Arbitrary<StepBody> = fc.oneof(
  fc.tuple(words, fc.nat()).map(([text, at]) => input(text, at)),
  fc
    .tuple(words, fc.array(fc.tuple(callIds, words, args), { maxLength: 3 }))
    .map(([text, calls]) => reply(text, ...calls)),
  fc.tuple(callIds, effects).map(([id, effect]) => intent(id, effect)),
  fc
    .tuple(
      callIds,
      words,
      fc.constantFrom('ok', 'error', 'denied', 'awaiting-approval', 'unknown', 'cancelled'),
    )
    .map(([id, content, outcome]) => result(id, content, outcome)),
  fc
    .tuple(fc.constantFrom('approved', 'denied', 'expired'), words)
    .map(([how, text]) => decision(how, { arguments: text, reason: text })),
  words.map((text): StepBody => ({ kind: 'said', text })),
  fc.tuple(words, fc.constantFrom('text', 'unreadable')).map(([text, outcome]) => media(text, outcome)),
  words.map((text): StepBody => ({ kind: 'notice', text })),
  fc.constantFrom('done', 'cancelled', 'parked').map((status) => end(status)),
);
