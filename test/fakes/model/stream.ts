import type { ServerResponse } from 'node:http';
import { chunksOf, inPieces } from './chunks.ts';
import type { Fault } from './faults.ts';
import type { FakeReply, FakeRequest } from './protocol.ts';

const done = 'data: [DONE]\n\n';

/** Writes the reply as server-sent events; with a fault, as much of it as the fault allows. */
export function streamReply(
  response: ServerResponse,
  request: FakeRequest,
  { reply, fault }: { readonly reply: FakeReply; readonly fault: Fault | null },
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const events = chunksOf(request, reply).map(toEvent);
  const opening = openingOf(reply);
  switch (fault?.kind) {
    case 'cut':
      response.write((events.join('') + done).slice(0, fault.afterBytes), () => response.destroy());
      return;
    case 'malformed':
      response.end(`${opening}data: {"choices": [{"delta": {"content": "bro\n\n`);
      return;
    case 'nonsense':
      response.end(`${opening}data: {"choices": "none"}\n\n`);
      return;
    case 'stall':
      response.write(opening);
      return;
    case 'unfinished':
      response.end(opening);
      return;
    case 'empty':
      response.end(chunksOf(request, { text: '' }).map(toEvent).join('') + done);
      return;
    case 'error-event':
      response.end(`${opening}data: ${JSON.stringify({ error: fault.error })}\n\n`);
      return;
    case 'slow':
      writeSlowly(response, [...events, done], fault.everyMs);
      return;
    case 'endless':
      writeForEver(response, toEvent(textChunk('word '.repeat(50))));
      return;
    case 'keepalive':
      commentForEver(response, fault.everyMs);
      return;
    // Dealt with before a stream begins.
    case 'hang':
    case 'reset':
    case 'status':
    case undefined:
      if (reply.everyMs !== undefined) return writeSlowly(response, [...events, done], reply.everyMs);
      response.end(events.join('') + done);
  }
}

function openingOf(reply: FakeReply): string {
  const first = inPieces(reply.text ?? '')[0] ?? 'Once';
  return toEvent(textChunk(first));
}

function textChunk(content: string): unknown {
  return { id: 'chatcmpl-x', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] };
}

function toEvent(chunk: unknown): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

function writeForEver(response: ServerResponse, event: string): void {
  const more = (): void => {
    if (response.destroyed) return;
    if (response.write(event)) setImmediate(more);
    else response.once('drain', more);
  };
  more();
}

function commentForEver(response: ServerResponse, everyMs: number): void {
  const timer = setInterval(() => response.write(': still here\n\n'), everyMs);
  response.once('close', () => clearInterval(timer));
}

function writeSlowly(response: ServerResponse, parts: readonly string[], everyMs: number): void {
  const [first, ...rest] = parts;
  if (response.destroyed) return;
  if (first === undefined) {
    response.end();
    return;
  }
  response.write(first);
  setTimeout(() => writeSlowly(response, rest, everyMs), everyMs);
}
