import { z } from 'zod';

const word = (what: string): z.ZodString => z.string().regex(/^\S+$/, `must be ${what}, without spaces`);

/** `channels.whatsapp` of config.yaml with `mode: cloud`. */
export const cloudSettingsSchema = z.object({
  mode: z.literal('cloud'),
  phoneNumberId: z
    .string()
    .regex(/^\d{5,32}$/, 'must be the number of digits that Meta shows as Phone number ID'),
  token: word('the access token of a system user'),
  appSecret: word('the App secret (Meta, App settings, Basic)'),
  verifyToken: word('a text of your own, the same that Meta is given as Verify token'),
  apiRoot: z
    .url()
    .default('https://graph.facebook.com')
    .transform((root) => root.replace(/\/+$/, '')),
});

export type CloudSettings = Readonly<z.infer<typeof cloudSettingsSchema>>;
