import { appendFileSync } from 'node:fs';
import { z } from 'zod';
import { type Effect, type Tool, defineTool } from '#core/tool.ts';
import type { Hit } from './failpoints.ts';

/** Tools whose effect is a line in a file outside of the home: what was really done, whatever the rows say. */
export function countedTools(file: string, hit: Hit): readonly Tool[] {
  return [counted('look', 'pure'), counted('keep', 'keyed'), counted('ring', 'once')];

  function counted(name: string, effect: Effect): Tool {
    return defineTool({
      name,
      description: `A counted tool (${effect}).`,
      input: z.object({ n: z.number() }),
      effect,
      timeoutMs: 5_000,
      resultLimit: 1_000,
      roles: ['owner'],
      run: async ({ n }, context) => {
        hit(`before tool.${name}`);
        appendFileSync(file, `${JSON.stringify({ tool: name, n, key: context.effectKey })}\n`);
        hit(`after tool.${name}`);
        return { ok: true, content: `${name} ${n} done` };
      },
    });
  }
}
