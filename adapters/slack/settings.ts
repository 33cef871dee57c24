import { z } from 'zod';

const tokenSchema = (start: string, where: string): z.ZodString =>
  z.string().regex(new RegExp(`^${start}-[^\\s]+$`), `is the text that begins with ${start}- (${where})`);

/** `channels.slack` of config.yaml. */
export const slackSettingsSchema = z
  .object({
    botToken: tokenSchema('xoxb', 'api.slack.com/apps, OAuth & Permissions'),
    /** Socket mode only. */
    appToken: tokenSchema('xapp', 'api.slack.com/apps, Basic Information, App-Level Tokens')
      .nullish()
      .transform((it) => it ?? null),
    /** HTTP mode only. */
    signingSecret: z
      .string()
      .min(1)
      .nullish()
      .transform((it) => it ?? null),
    apiRoot: z
      .url()
      .default('https://slack.com/api/')
      .transform((root) => root.replace(/\/*$/, '/')),
    mode: z.enum(['socket', 'http']).default('socket'),
  })
  .transform(({ botToken, apiRoot, mode, ...rest }, context) => {
    const way = wayOf(mode, rest);
    if (way !== null) return { botToken, apiRoot, way };
    const path = [mode === 'socket' ? 'appToken' : 'signingSecret'];
    context.addIssue({ code: 'custom', path, message: `is missing: mode ${mode} needs it` });
    return z.NEVER;
  });

/** How events come. */
export type Way =
  | { readonly mode: 'socket'; readonly appToken: string }
  | { readonly mode: 'http'; readonly signingSecret: string };

export type SlackSettings = Readonly<z.infer<typeof slackSettingsSchema>>;

function wayOf(
  mode: Way['mode'],
  { appToken, signingSecret }: Readonly<Record<'appToken' | 'signingSecret', string | null>>,
): Way | null {
  if (mode === 'socket') return appToken ? { mode, appToken } : null;
  return signingSecret ? { mode, signingSecret } : null;
}
