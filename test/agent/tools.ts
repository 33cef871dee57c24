import { z } from 'zod';
import { type Effect, type Tool, type ToolContext, type ToolResult, defineTool } from '#core/tool.ts';

export interface RecordingTool {
  readonly tool: Tool;
  /** The contexts of its runs, in order. */
  readonly runs: readonly (ToolContext & { readonly text: string })[];
}

export interface RecordingToolOptions {
  readonly effect?: Effect;
  readonly timeoutMs?: number;
  readonly resultLimit?: number;
  readonly run?: (text: string, context: ToolContext) => Promise<ToolResult> | ToolResult;
}

/** A tool `name({ text? })` that keeps what it was called with and says `name did <text>`. */
export function recordingTool(name: string, options: RecordingToolOptions = {}): RecordingTool {
  const runs: (ToolContext & { readonly text: string })[] = [];
  const { effect = 'pure', timeoutMs = 60_000, resultLimit = 1_000 } = options;
  const run = options.run ?? ((text: string) => ({ ok: true, content: `${name} did ${text}` }));
  const tool = defineTool({
    name,
    description: `The tool ${name} of a test.`,
    input: z.object({ text: z.string().default('it') }),
    effect,
    timeoutMs,
    resultLimit,
    roles: ['owner', 'member'],
    run: async ({ text }, context) => {
      runs.push({ ...context, text });
      return run(text, context);
    },
  });
  return { tool, runs };
}

export const allow = (...tools: readonly string[]): { tool: string; decision: 'allow' }[] =>
  tools.map((tool) => ({ tool, decision: 'allow' }));
