import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Asker, Plan, Rule } from '#core/policy.ts';
import { createPolicy, defaultRules } from './policy.ts';

const ann: Asker = { person: 'ann', role: 'owner', chat: 'telegram:7', direct: true };
const plan = (tool: string): Plan => ({ tool, arguments: '{}', hash: 'hash' });
const judge = (rules: readonly Rule[], tool: string, asker: Asker = ann) =>
  createPolicy(rules).judge(plan(tool), asker).decision;

test('a tool without a rule asks', () => {
  expect(judge([], 'run')).toBe('ask');
  expect(judge(defaultRules, 'run')).toBe('ask');
});

test('the tools that touch only the person’s own chats are allowed', () => {
  expect(defaultRules.map(({ tool }) => tool)).toEqual(['now', 'expand', 'send_message', 'send_file']);
  for (const { tool } of defaultRules) expect(judge(defaultRules, tool)).toBe('allow');
});

test('the last matching ask or allow counts', () => {
  const [ask, allow]: Rule[] = [
    { tool: 'run', decision: 'ask' },
    { tool: 'run', decision: 'allow' },
  ];
  if (ask === undefined || allow === undefined) throw new Error('unreachable');
  expect(judge([ask, allow], 'run')).toBe('allow');
  expect(judge([allow, ask], 'run')).toBe('ask');
  expect(judge([allow, { tool: 'other', decision: 'ask' }], 'run')).toBe('allow');
});

test('a deny outweighs every other rule, wherever it stands; a guest has no tools whatever the rules say', () => {
  const rule = fc.record({
    tool: fc.constantFrom('run', 'now', 'toString', '__proto__'),
    decision: fc.constantFrom('allow' as const, 'ask' as const, 'deny' as const),
  });
  fc.assert(
    fc.property(fc.array(rule), fc.constantFrom('run', 'now', 'toString', '__proto__'), (rules, tool) => {
      const denied = rules.some((rule) => rule.tool === tool && rule.decision === 'deny');
      expect(judge(rules, tool) === 'deny').toBe(denied);
      expect(judge(rules, tool, { ...ann, role: 'guest' })).toBe('deny');
      const allowed = rules.some((rule) => rule.tool === tool && rule.decision === 'allow');
      if (!allowed) expect(judge(rules, tool)).not.toBe('allow');
    }),
  );
});

test('what is denied or asked says why', () => {
  const policy = createPolicy([{ tool: 'rm', decision: 'deny' }]);
  expect(policy.judge(plan('rm'), ann)).toEqual({ decision: 'deny', reason: 'a rule denies this tool' });
  expect(policy.judge(plan('run'), ann)).toEqual({ decision: 'ask', reason: 'no rule allows this tool' });
  expect(policy.judge(plan('now'), { ...ann, role: 'guest' })).toEqual({
    decision: 'deny',
    reason: 'a guest has no tools',
  });
});
