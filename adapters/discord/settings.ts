import { z } from 'zod';

/** `channels.discord` of config.yaml. */
export const discordSettingsSchema = z.object({
  /** Of the bot, from the developer portal. */
  token: z.string().regex(/^\S+$/, 'is the text under Bot → Reset Token in the developer portal'),
  /** The address of the gateway is asked there. */
  apiRoot: z
    .url()
    .default('https://discord.com/api')
    .transform((root) => root.replace(/\/+$/, '')),
});

export type DiscordSettings = Readonly<z.infer<typeof discordSettingsSchema>>;
