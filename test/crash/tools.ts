import { z } from 'zod';
import { type Effect, type Tool, defineTool } from '#core/tool.ts';
import type { Acted } from './effects.ts';
import type { Hit } from './failpoints.ts';

/** The one that a person must approve; the others are allowed. */
export const askedTool = 'sign';

/** Tools whose effect is a request to a counter outside of the gateway: what was really done, whatever the rows say. */
export function countedTools(url: string, hit: Hit): readonly Tool[] {
  return [
    counted('look', 'pure'),
    counted('keep', 'keyed'),
    counted('ring', 'once'),
    counted(askedTool, 'once'),
  ];

  function counted(name: string, effect: Effect): Tool {
    return defineTool({
      name,
      description: `A counted tool (${effect}).`,
      // `waiting`: all messages that the call helps to answer.
      input: z.object({ message: z.string(), waiting: z.array(z.string()) }),
      effect,
      timeoutMs: 5_000,
      resultLimit: 1_000,
      roles: ['owner', 'member'],
      run: async ({ message }, context) => {
        hit(`before tool.${name}`);
        const acted: Acted = { tool: name, effect, message, key: context.effectKey };
        const answer = await fetch(url, { method: 'POST', body: JSON.stringify(acted) });
        await answer.arrayBuffer();
        hit(`after tool.${name}`);
        return { ok: true, content: `${name} for ${message} is done` };
      },
    });
  }
}
