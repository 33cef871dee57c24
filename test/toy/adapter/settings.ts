import { z } from 'zod';

/** `channels.toy` of config.yaml. */
export const toySettingsSchema = z.strictObject({
  key: z.string().min(1),
  apiRoot: z.url(),
  /** With it the toy may also call /hooks/toy. */
  secret: z.string().min(8).nullable().default(null),
});
export type ToySettings = Readonly<z.infer<typeof toySettingsSchema>>;
