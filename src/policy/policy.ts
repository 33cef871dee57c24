import { rightsByRole } from '#core/person.ts';
import type { PolicyPort, Rule } from '#core/policy.ts';

/** The tools that come with Tiro and touch nothing but the person's own chats. */
export const defaultRules: readonly Rule[] = [
  { tool: 'now', decision: 'allow' },
  { tool: 'expand', decision: 'allow' },
  { tool: 'send_message', decision: 'allow' },
  { tool: 'send_file', decision: 'allow' },
];

/** Deny, then the last matching ask or allow, then ask: a tool without a rule runs only after a person's yes. */
export function createPolicy(rules: readonly Rule[] = defaultRules): PolicyPort {
  return {
    judge(plan, asker) {
      if (!rightsByRole[asker.role].tools)
        return { decision: 'deny', reason: `a ${asker.role} has no tools` };
      const matching = rules.filter((rule) => rule.tool === plan.tool);
      if (matching.some((rule) => rule.decision === 'deny'))
        return { decision: 'deny', reason: 'a rule denies this tool' };
      const last = matching.at(-1);
      if (last?.decision === 'allow') return { decision: 'allow' };
      return {
        decision: 'ask',
        reason: last === undefined ? 'no rule allows this tool' : 'a rule asks for this tool',
      };
    },
  };
}
