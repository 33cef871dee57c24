import type { IncomingMessage, ServerResponse } from 'node:http';

/** A recording that a client wanted the words of. */
export interface FakeRecording {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
  readonly model: string;
}

/** What is answered: a status and a body, or nothing ever. */
type Answer =
  | { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> }
  | 'hang';

export interface FakeTranscriptions {
  readonly recordings: readonly FakeRecording[];
  /** The next ones, in order; without any it is "what was said". */
  answer(...answers: readonly Answer[]): void;
}

export interface TranscriptionsRoute extends FakeTranscriptions {
  handle(incoming: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** `/v1/audio/transcriptions` of the fake model. */
export function createTranscriptions(): TranscriptionsRoute {
  const recordings: FakeRecording[] = [];
  const answers: Answer[] = [];
  return { recordings, answer: (...more) => void answers.push(...more), handle };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(Buffer.from(part));
    const headers = { 'content-type': incoming.headers['content-type'] ?? '' };
    const form = await new Response(Buffer.concat(parts), { headers }).formData();
    const file = form.get('file');
    const model = form.get('model');
    if (file === null || typeof file === 'string' || typeof model !== 'string') {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'The form lacks file or model.' } }));
      return;
    }
    recordings.push({
      name: file.name,
      type: file.type,
      bytes: Buffer.from(await file.arrayBuffer()),
      model,
    });
    const said = answers.shift() ?? { status: 200, body: { text: 'what was said' } };
    if (said === 'hang') return;
    response.writeHead(said.status, { 'content-type': 'application/json', ...said.headers });
    response.end(JSON.stringify(said.body));
  }
}
