import { z } from 'zod';

/** What a client may send; everything else in the body is kept in `body`. */
const requestSchema = z.object({
  model: z.string(),
  stream: z.boolean().optional(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).optional(),
  user: z.string().optional(),
  tools: z.array(z.unknown()).optional(),
  messages: z.array(
    z.object({
      role: z.string(),
      content: z.union([z.string(), z.array(z.unknown())]).nullish(),
      tool_calls: z.array(z.unknown()).optional(),
      tool_call_id: z.string().optional(),
    }),
  ),
});
export type ChatBody = z.infer<typeof requestSchema>;

/** One request as the server saw it. */
export interface FakeRequest {
  readonly index: number;
  readonly receivedAt: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ChatBody;
  /** The body as it was sent. */
  readonly raw: string;
  /** The `user` field, else the first user message. */
  readonly conversation: string;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  /** The client hung up before the answer was complete. */
  aborted: boolean;
  /** The status that was answered; 0 while there is none. */
  status: number;
  /** From its arrival until its whole answer was handed over; null until then. */
  tookMs: number | null;
}

export const reportSchema = z.object({
  /** Chat requests ever, the most at the same time, and those that got 429 for want of a slot. */
  count: z.number(),
  peak: z.number(),
  overflows: z.number(),
  /** Those that were kept, in order of arrival; `text` is the newest user message. */
  requests: z.array(z.object({ text: z.string(), status: z.number(), tookMs: z.number().nullable() })),
});
export type FakeReport = z.infer<typeof reportSchema>;

export interface FakeToolCall {
  /** Null or absent: none is sent. */
  readonly id?: string | null;
  readonly name: string;
  readonly arguments: string;
}

export interface FakeReply {
  readonly text?: string;
  /** Sent before the text, as `reasoning_content`. */
  readonly thinking?: string;
  readonly toolCalls?: readonly FakeToolCall[];
  /** Default: `tool_calls` with calls, else `stop`. */
  readonly finish?: string;
  /** Null: no usage is sent even when asked for. */
  readonly usage?: Readonly<Record<string, unknown>> | null;
  /** Its text in so many pieces, default 3. */
  readonly pieces?: number;
  /** Between the request and the first byte, beside the server's own latency; the script is asked before. */
  readonly afterMs?: number;
  /** Streamed slowly: one chunk each. */
  readonly everyMs?: number;
  /** These chunks as they are, instead of all of the above. */
  readonly chunks?: readonly unknown[];
}

/** Decides what is answered. */
export type Script = (request: FakeRequest) => FakeReply | string;

export function parseBody(raw: string): ChatBody | null {
  try {
    const parsed = requestSchema.safeParse(JSON.parse(raw));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export function conversationOf(body: ChatBody): string {
  return body.user ?? textOf(body.messages.find((message) => message.role === 'user'));
}

/** The newest message of the user. */
export function lastUserText(request: FakeRequest): string {
  return textOf(request.body.messages.findLast((message) => message.role === 'user'));
}

function textOf(message: ChatBody['messages'][number] | undefined): string {
  const content = message?.content ?? '';
  return typeof content === 'string' ? content : JSON.stringify(content);
}
