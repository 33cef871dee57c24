import { z } from 'zod';

/** What Meta posts to a webhook of the WhatsApp Business Platform (developers.facebook.com, webhooks/reference/messages). */
export const envelopeSchema = z.object({
  object: z.literal('whatsapp_business_account'),
  entry: z.array(z.object({ changes: z.array(z.unknown()) })),
});

export const changeSchema = z.object({
  field: z.string(),
  value: z.object({
    metadata: z.object({ phone_number_id: z.string(), display_phone_number: z.string().default('') }),
    contacts: z.array(z.unknown()).default([]),
    messages: z.array(z.unknown()).default([]),
    statuses: z.array(z.unknown()).default([]),
    errors: z.array(z.unknown()).default([]),
  }),
});

/** Somebody who hides the phone number has a `user_id` only. */
export const contactSchema = z.object({
  wa_id: z.string().optional(),
  user_id: z.string().optional(),
  profile: z.object({ name: z.string().default('') }).default({ name: '' }),
});

const media = z
  .object({
    id: z.string(),
    mime_type: z.string().default(''),
    caption: z.string().optional(),
    filename: z.string().optional(),
    voice: z.boolean().optional(),
  })
  .optional();

const answer = z.object({ id: z.string(), title: z.string().default('') }).optional();

/** What a message holds besides who sent it: one part, named by `type`. */
const partsSchema = z.object({
  type: z.string(),
  text: z.object({ body: z.string() }).optional(),
  image: media,
  video: media,
  audio: media,
  document: media,
  sticker: z.object({ animated: z.boolean().optional() }).optional(),
  location: z
    .object({
      latitude: z.number(),
      longitude: z.number(),
      name: z.string().optional(),
      address: z.string().optional(),
    })
    .optional(),
  contacts: z
    .array(
      z.object({
        name: z.object({ formatted_name: z.string().default('') }).optional(),
        phones: z.array(z.object({ phone: z.string().optional() })).default([]),
      }),
    )
    .optional(),
  reaction: z.object({ message_id: z.string(), emoji: z.string().default('') }).optional(),
  interactive: z.object({ type: z.string(), button_reply: answer, list_reply: answer }).optional(),
  button: z.object({ payload: z.string().optional(), text: z.string().default('') }).optional(),
  context: z
    .object({
      id: z.string().optional(),
      from: z.string().optional(),
      forwarded: z.boolean().optional(),
      frequently_forwarded: z.boolean().optional(),
    })
    .optional(),
});

export const messageSchema = partsSchema.extend({
  id: z.string().min(1),
  from: z.string().optional(),
  from_user_id: z.string().optional(),
  group_id: z.string().optional(),
  timestamp: z.coerce.string(),
  edit: z.object({ original_message_id: z.string(), message: partsSchema }).optional(),
  revoke: z.object({ original_message_id: z.string() }).optional(),
});

export const statusSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  timestamp: z.coerce.string().default(''),
  recipient_id: z.string().optional(),
  recipient_user_id: z.string().optional(),
  biz_opaque_callback_data: z.string().optional(),
  errors: z
    .array(
      z.object({
        code: z.number(),
        title: z.string().default(''),
        error_data: z.object({ details: z.string().default('') }).optional(),
      }),
    )
    .default([]),
});

export type Parts = Readonly<z.infer<typeof partsSchema>>;
export type Message = Readonly<z.infer<typeof messageSchema>>;
export type Media = NonNullable<z.infer<typeof media>>;
