import { z } from 'zod';
import { httpUrl, secret, secretMark, section, text } from './document/fields.ts';
import { booleanFromText, channelNames, isChatKey, numberFromText } from './document/values.ts';

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
  address: z.email('must be an address such as tiro@example.org'),
  imap: mailServer(993),
  smtp: mailServer(465),
  /** The name under which one's own mail server writes Authentication-Results. Absent: signatures are checked here. */
  trustedAuthserv: text.nullable().default(null),
  /** Absent: the folder that the server marks as the one for sent mail. */
  sentFolder: text.nullable().default(null),
  /** Mails of one sender that are answered; more are a loop. */
  mostPerHour: z.preprocess(numberFromText, z.int().min(1).max(10_000)).default(60),
});

/** As bytes; a shorter key is guessed in no time. */
const fewestKeyBytes = 8;
const tooShort = `is too short: it must have at least ${fewestKeyBytes} bytes, such as \`openssl rand -base64 32\` makes`;

/** Standard Webhooks writes keys as base 64 behind `whsec_`. */
function isStandardKey(key: string): boolean {
  const coded = key.replace(/^whsec_/, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(coded) && Buffer.from(coded, 'base64').length >= fewestKeyBytes;
}
const noStandardKey = `must be a key of at least ${fewestKeyBytes} bytes in base 64 behind whsec_, as Standard Webhooks has it`;

const headerName = text.regex(
  /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/,
  'must be the name of a header, such as x-signature-256',
);

const promptLimit = 8_000;
/** What may stand between `{{` and `}}`; adapters/webhook reads it. */
const place = /^(?:header:[\w-]{1,64}|[^\s.:{}]{1,100}(?:\.[^\s.:{}]{1,100}){0,20})$/;
const prompt = text
  .refine((words) => words.length <= promptLimit, `must have at most ${promptLimit} characters`)
  .refine(
    (words) => [...words.matchAll(/\{\{([^{}]*)\}\}/g)].every(([, inner = '']) => place.test(inner.trim())),
    'has a place that is none: there are {{body}}, {{a.b.0.c}} and {{header:x-name}}',
  );

const endpoint = z
  .strictObject({
    secret,
    /** During a change of secrets: what it signs is taken too. */
    previousSecret: secret.nullable().default(null),
    scheme: z.enum(['standard', 'github', 'hmac-sha256']),
    /** Of hmac-sha256: where the signature stands (absent: where senders usually put it), and the time if it is signed too (`TIME.BODY`). */
    signatureHeader: headerName.nullable().default(null),
    timestampHeader: headerName.nullable().default(null),
    prompt,
    /** A chat, or a URL that is called with the answer, signed as Standard Webhooks. */
    replyTo: z.union([
      z
        .string()
        .refine(isChatKey, 'must be a chat such as telegram:7, or { url, secret }')
        .refine((key) => !key.startsWith('webhook:'), 'must not be an endpoint: it would answer itself'),
      z.strictObject({ url: httpUrl, secret: secret.refine(isStandardKey, noStandardKey) }),
    ]),
    perMinute: z.preprocess(numberFromText, z.int().min(1).max(6_000)).default(300),
  })
  .superRefine(({ scheme, secret: now, previousSecret: before }, context) => {
    for (const [key, value] of Object.entries({ secret: now, previousSecret: before })) {
      const isStandard = scheme === 'standard';
      if (value === null) continue;
      if (isStandard ? isStandardKey(value) : Buffer.byteLength(value) >= fewestKeyBytes) continue;
      context.addIssue({ code: 'custom', path: [key], message: isStandard ? noStandardKey : tooShort });
    }
  });

/** /hooks/<name> of these is the channel's of that name, now or later. */
const takenNames = new Set(channelNames);

const webhook = z.strictObject({
  endpoints: z.record(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
      .refine((name) => !takenNames.has(name)),
    section(endpoint),
  ),
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
