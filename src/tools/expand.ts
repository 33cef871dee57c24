import { z } from 'zod';
import type { StepBody } from '#core/step.ts';
import type { StepsPort } from '#core/store/turns.ts';
import { type Tool, type ToolResult, defineTool } from '#core/tool.ts';
import { cutText } from '#lib/cut.ts';

const pageChars = 8_000;

const input = z.object({
  id: z.number().int().positive().describe('the id that the folded text names'),
  offset: z.number().int().nonnegative().default(0).describe('character to read on from'),
});

/** Reads on in a result or file that was folded in the context. Only those of the same conversation can be read. */
export function createExpandTool(deps: { readonly steps: Pick<StepsPort, 'get'> }): Tool {
  return defineTool({
    name: 'expand',
    description: `Read the part of a long tool result or file that was left out, ${pageChars} characters a page.`,
    input,
    effect: 'pure',
    timeoutMs: 5_000,
    resultLimit: pageChars + 500,
    roles: ['owner', 'member'],
    run: async ({ id, offset }, context): Promise<ToolResult> => {
      const step = await deps.steps.get(id);
      if (step === null || step.conversation !== context.conversation || !isLong(step.body)) {
        return { ok: false, content: `id: there is no tool result or file ${id} in this conversation` };
      }
      const { content } = step.body;
      const page = cutText(content.slice(offset), pageChars);
      const end = offset + page.length;
      const rest =
        end < content.length ? `\n[${content.length - end} characters follow: offset ${end}]` : '\n[end]';
      return { ok: true, content: page + rest };
    },
  });
}

function isLong(body: StepBody): body is Extract<StepBody, { kind: 'result' | 'media' }> {
  return body.kind === 'result' || (body.kind === 'media' && body.outcome === 'text');
}
