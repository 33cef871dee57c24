import { type FakeReply, type FakeRequest, lastUserText } from './protocol.ts';

/**
 * What is answered without a script of one's own: `call NAME {json}` in the newest message calls that tool, a tool's
 * result is repeated, anything else is echoed.
 */
export function echoScript(request: FakeRequest): FakeReply {
  const last = request.body.messages.at(-1);
  if (last?.role === 'tool') {
    return { text: `The tool said: ${typeof last.content === 'string' ? last.content : ''}` };
  }
  const text = lastUserText(request);
  const call = /\bcall\s+([\w.-]+)\s*(\{.*\})/s.exec(text);
  if (call?.[1] !== undefined && call[2] !== undefined) {
    return { toolCalls: [{ id: `call_${request.index}`, name: call[1], arguments: call[2] }] };
  }
  return { text: `You said: ${text}` };
}
