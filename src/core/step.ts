import { z } from 'zod';
import { fileRefSchema } from './event.ts';
import type { ConversationId, TurnId } from './ids.ts';

/** A call the model asks for. `arguments` is the JSON text it wrote, unparsed: it may be malformed. */
export const toolCallSchema = z.object({ id: z.string(), name: z.string(), arguments: z.string() });
export type ToolCall = Readonly<z.infer<typeof toolCallSchema>>;

export const usageSchema = z.object({
  promptTokens: z.number(),
  cachedTokens: z.number(),
  completionTokens: z.number(),
});
export type Usage = Readonly<z.infer<typeof usageSchema>>;

/**
 * Everything that happened, append-only, in the order of a turn's life. Steps are the ground truth; what the model
 * sees and what pages show are projections of them.
 */
export const stepBodySchema = z.discriminatedUnion('kind', [
  /** A message joined the turn. `at` is when it was said, frozen here so that the prompt's prefix stays byte-stable. */
  z.object({
    kind: z.literal('input'),
    event: z.string(),
    person: z.string(),
    name: z.string(),
    text: z.string(),
    files: z.array(fileRefSchema),
    at: z.number(),
  }),
  /**
   * What a file of an input turned out to hold: its words, a picture for models that can see, or in words why neither.
   * `file` is its place among the input's files. Read once; the prompt is made of this from then on.
   */
  z.object({
    kind: z.literal('media'),
    event: z.string(),
    file: z.number(),
    name: z.string(),
    mime: z.string(),
    outcome: z.enum(['text', 'image', 'unreadable']),
    /** The words, or why there are none; of a picture what is odd about it, mostly nothing. */
    content: z.string(),
    /** Of a picture: where it lies, relative to the home. */
    path: z.string().nullable(),
  }),
  /** A committed model reply. Never paid for again. */
  z.object({
    kind: z.literal('reply'),
    text: z.string(),
    toolCalls: z.array(toolCallSchema),
    model: z.string(),
    usage: usageSchema.nullable(),
    finish: z.enum(['stop', 'tool-calls', 'length', 'refused']),
  }),
  /** Written before a tool acts. */
  z.object({
    kind: z.literal('intent'),
    callId: z.string(),
    tool: z.string(),
    arguments: z.string(),
    effect: z.enum(['pure', 'keyed', 'once']),
    effectKey: z.string(),
    planHash: z.string(),
  }),
  /** Written after. `outcome: unknown` is a `once` tool that was interrupted; it does not run again. */
  z.object({
    kind: z.literal('result'),
    callId: z.string(),
    tool: z.string(),
    outcome: z.enum(['ok', 'error', 'denied', 'awaiting-approval', 'unknown', 'cancelled']),
    content: z.string(),
  }),
  /** A person decided an approval; the first step of the turn that follows it. */
  z.object({
    kind: z.literal('decision'),
    approval: z.string(),
    decision: z.enum(['approved', 'denied', 'expired']),
    by: z.string(),
    reason: z.string().nullable(),
    callId: z.string(),
    tool: z.string(),
    arguments: z.string(),
    planHash: z.string(),
  }),
  /** Something said in this chat from elsewhere: `send_message` from another chat of the same person. */
  z.object({ kind: z.literal('said'), text: z.string() }),
  /** Tiro's own words outside the model's: command answers, errors, "queued". Shown to people, not to the model. */
  z.object({ kind: z.literal('notice'), text: z.string() }),
  /** The end of the turn. */
  z.object({
    kind: z.literal('end'),
    status: z.enum(['done', 'parked', 'failed', 'cancelled', 'dead']),
    reason: z.string().nullable(),
    /** Its messages were edited or deleted before anything was answered: the model sees nothing of this turn. */
    takenBack: z.literal(true).optional(),
  }),
]);
export type StepBody = Readonly<z.infer<typeof stepBodySchema>>;
export type StepKind = StepBody['kind'];

export interface Step {
  /** Order over all conversations; the `id` of server-sent events. */
  readonly seq: number;
  readonly conversation: ConversationId;
  /** Null for what is said outside a turn: notices and `said`. */
  readonly turn: TurnId | null;
  readonly at: number;
  readonly body: StepBody;
}
