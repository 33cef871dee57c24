import { z } from 'zod';
import { httpUrl, secret, secretMark, section, text } from './document/fields.ts';
import { booleanFromText, isChatKey, numberFromText } from './document/values.ts';

const telegram = z.strictObject({
  token: secret,
  apiRoot: httpUrl.default('https://api.telegram.org'),
  webhook: z
    .strictObject({
      url: httpUrl,
      secret: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,256}$/, 'may have letters, digits, _ and - only')
        .meta(secretMark),
    })
    .nullable()
    .default(null),
});

const discord = z.strictObject({
  token: secret,
  apiRoot: httpUrl.default('https://discord.com/api'),
});

const slack = z
  .strictObject({
    botToken: secret,
    appToken: secret.nullable().default(null),
    signingSecret: secret.nullable().default(null),
    apiRoot: httpUrl.default('https://slack.com/api/'),
    mode: z.enum(['socket', 'http']).default('socket'),
  })
  .refine(({ mode, appToken }) => mode !== 'socket' || appToken !== null, {
    path: ['appToken'],
    error: 'is missing: socket mode needs an app-level token (xapp-…) with the scope connections:write',
  })
  .refine(({ mode, signingSecret }) => mode !== 'http' || signingSecret !== null, {
    path: ['signingSecret'],
    error: 'is missing: http mode checks every request with it',
  });

const whatsapp = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('web') }),
  z.strictObject({
    mode: z.literal('cloud'),
    phoneNumberId: z
      .string()
      .regex(/^\d{5,32}$/, 'must be the number of digits that Meta shows as Phone number ID'),
    token: secret,
    appSecret: secret,
    verifyToken: secret,
    apiRoot: httpUrl.default('https://graph.facebook.com'),
  }),
]);

const mailServer = (port: number) =>
  z.strictObject({
    host: text,
    port: z.preprocess(numberFromText, z.int().min(1).max(65_535)).default(port),
    /** True: TLS from the first byte. False: STARTTLS, which only a server on this machine may lack. */
    secure: z.preprocess(booleanFromText, z.boolean()).default(true),
    user: text,
    password: z.string().min(1).meta(secretMark),
  });

const email = z.strictObject({
  address: z.email(),
  imap: mailServer(993),
  smtp: mailServer(465),
  /** The name under which one's own mail server writes Authentication-Results. Absent: signatures are checked here. */
  trustedAuthserv: text.nullable().default(null),
});

const endpoint = z.strictObject({
  secret,
  /** During a change of secrets: what it signs is taken too. */
  previousSecret: secret.nullable().default(null),
  scheme: z.enum(['standard', 'github', 'hmac-sha256']),
  /** Of hmac-sha256: where the signature stands, and the time if it is signed too (`TIME.BODY`). */
  signatureHeader: text.default('x-signature-256'),
  timestampHeader: text.nullable().default(null),
  prompt: text,
  /** A chat, or a URL that is called with the answer, signed as Standard Webhooks. */
  replyTo: z.union([
    z.string().refine(isChatKey, 'must be a chat such as telegram:7, or { url, secret }'),
    z.strictObject({ url: httpUrl, secret }),
  ]),
  perMinute: z.preprocess(numberFromText, z.int().min(1).max(6_000)).default(60),
});

const webhook = z.strictObject({
  endpoints: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/), section(endpoint)),
});

/** `channels` of config.yaml, by platform. */
export const channelSchemas = {
  telegram: section(telegram).optional(),
  discord: section(discord).optional(),
  slack: section(slack).optional(),
  whatsapp: section(whatsapp).optional(),
  email: section(email).optional(),
  webhook: section(webhook).optional(),
};
