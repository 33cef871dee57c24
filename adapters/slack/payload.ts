import { z } from 'zod';

/** What is read of Slack's payloads; the rest is kept as it came. */

const id = z.string().min(1);
const words = z.string().nullish();
const ts = z.string().regex(/^\d{1,12}\.\d{1,9}$/);

const fileSchema = z.object({
  id,
  name: words,
  title: words,
  mimetype: words,
  mode: words,
  size: z.number().int().nonnegative().nullish(),
});
export type SlackFile = z.infer<typeof fileSchema>;

/** A message as it stands in a channel: in an event, in a change of it, and in the history. */
export const messageSchema = z.object({
  subtype: words,
  user: words,
  bot_id: words,
  user_team: words,
  team: words,
  text: words,
  ts,
  thread_ts: ts.nullish(),
  parent_user_id: words,
  edited: z.object({ ts }).nullish(),
  files: z.array(fileSchema).nullish(),
  attachments: z.array(z.object({ is_share: z.boolean().nullish(), text: words, fallback: words })).nullish(),
});
export type SlackMessage = z.infer<typeof messageSchema>;

const changes = { message: messageSchema.nullish(), previous_message: messageSchema.nullish() };
const reaction = {
  user: id,
  reaction: z.string(),
  item: z.object({ type: z.string(), channel: words, ts: ts.nullish() }),
  event_ts: ts,
};

export const eventSchema = z.discriminatedUnion('type', [
  messageSchema.extend({ ...changes, type: z.literal('message'), channel: id, deleted_ts: ts.nullish() }),
  messageSchema.extend({ type: z.literal('app_mention'), channel: id }),
  z.object({ ...reaction, type: z.literal('reaction_added') }),
  z.object({ ...reaction, type: z.literal('reaction_removed') }),
]);
export type SlackEvent = z.infer<typeof eventSchema>;

/** Around each event: whose it is. */
export const envelopeSchema = z.object({
  type: z.literal('event_callback'),
  api_app_id: id,
  team_id: words,
  authorizations: z.array(z.object({ team_id: words })).nullish(),
  event: z.looseObject({ type: z.string() }),
});

export const actionSchema = z.object({
  type: z.literal('block_actions'),
  api_app_id: id,
  team: z.object({ id: z.string() }).nullish(),
  user: z.object({ id, team_id: words }),
  channel: z.object({ id }),
  message: z.object({ ts, thread_ts: ts.nullish() }),
  actions: z.tuple([z.object({ value: z.string().max(2000), action_ts: ts })], z.unknown()),
});

export const commandSchema = z.object({
  text: z.string().default(''),
  api_app_id: id,
  team_id: id,
  channel_id: id,
  user_id: id,
  trigger_id: id,
});
export type SlackCommand = z.infer<typeof commandSchema>;
