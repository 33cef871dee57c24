import type { Tool } from '#core/tool.ts';
import { createExpandTool } from './expand.ts';
import { createNowTool } from './now.ts';
import { type SendFileDeps, createSendFileTool } from './send-file.ts';
import { type SendMessageDeps, createSendMessageTool } from './send-message.ts';

type ToolsDeps = SendMessageDeps &
  SendFileDeps &
  Parameters<typeof createNowTool>[0] &
  Parameters<typeof createExpandTool>[0];

/** The tools of the kernel, one line each. */
export function createTools(deps: ToolsDeps): readonly Tool[] {
  return [createExpandTool(deps), createNowTool(deps), createSendFileTool(deps), createSendMessageTool(deps)];
}
