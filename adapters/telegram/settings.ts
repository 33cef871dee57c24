import { z } from 'zod';

/** `channels.telegram` of config.yaml. */
export const telegramSettingsSchema = z.object({
  /** From @BotFather. Part of every URL, so it must not hold a slash. */
  token: z.string().regex(/^[^\s/]+$/, 'is the text @BotFather gave you, such as 123456:ABC-DEF'),
  /** Another root is a self-hosted Bot API server. grammy wants it without the last slash. */
  apiRoot: z
    .url()
    .default('https://api.telegram.org')
    .transform((root) => root.replace(/\/+$/, '')),
  /** Null: long polling. */
  webhook: z
    .object({
      url: z.url(),
      secret: z.string().regex(/^[A-Za-z0-9_-]{1,256}$/, 'may hold only A-Z, a-z, 0-9, _ and -'),
    })
    .nullish()
    .transform((webhook) => webhook ?? null),
});

export type TelegramSettings = Readonly<z.infer<typeof telegramSettingsSchema>>;
