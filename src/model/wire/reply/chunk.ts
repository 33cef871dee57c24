import { z } from 'zod';

const callDelta = z.object({
  index: z.number().int().nonnegative().nullish(),
  id: z.string().nullish(),
  function: z
    .object({
      name: z.string().nullish(),
      // Text by the book; some servers send the parsed object.
      arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
    })
    .nullish(),
});

/** Some servers send content in parts, thinking among them; only `text` parts are the answer. */
const content = z.union([z.string(), z.array(z.object({ type: z.string(), text: z.string().nullish() }))]);

const usage = z.object({
  prompt_tokens: z.number().nullish(),
  completion_tokens: z.number().nullish(),
  total_tokens: z.number().nullish(),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
});
export type WireUsage = z.infer<typeof usage>;

/** One chunk of a streamed chat completion, as lenient as the servers are different; unknown fields are dropped. */
const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: content.nullish(),
            refusal: z.string().nullish(),
            reasoning: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            tool_calls: z.array(callDelta).nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: usage.nullish(),
});
export type Chunk = z.infer<typeof chunkSchema>;
export type CallDelta = z.infer<typeof callDelta>;

/** Null for what is no chunk. */
export function parseChunk(raw: unknown): Chunk | null {
  const parsed = chunkSchema.safeParse(raw);
  return parsed.success ? parsed.data : null;
}

export function textOf(part: z.infer<typeof content> | null | undefined): string {
  if (part === null || part === undefined) return '';
  if (typeof part === 'string') return part;
  return part.map(({ type, text }) => (type === 'text' ? (text ?? '') : '')).join('');
}
