import { z } from 'zod';
import { type ChatKey, parseChatKey } from '#core/address.ts';
import { parseTemplate, type Template } from './template.ts';

const schemes = ['standard', 'github', 'hmac-sha256'] as const;
export type Scheme = (typeof schemes)[number];

/** One of `channels.webhook.endpoints`: POST /hooks/<name>. */
export interface Endpoint {
  readonly name: string;
  readonly scheme: Scheme;
  /** What may have signed: the secret and, during a change, the one before it. Never logged. */
  readonly keys: readonly Uint8Array[];
  /** Of hmac-sha256: where the signature may stand; the first of them that is there counts. */
  readonly signatureHeaders: readonly string[];
  /** Of hmac-sha256: the signed text is `TIME.BODY`. */
  readonly timestampHeader: string | null;
  readonly prompt: Template;
  readonly replyTo: ReplyTo;
  /** Requests with a good signature that are taken in a minute. */
  readonly perMinute: number;
}

export type ReplyTo =
  | { readonly type: 'chat'; readonly chat: ChatKey }
  | { readonly type: 'url'; readonly url: string; readonly key: Uint8Array };

/** A shorter one is guessed in no time. What is longer and still weak, doctor warns of. */
const fewestKeyBytes = 8;
/** /hooks/<name> of these belongs to the channel of that name, now or later. */
const takenNames = new Set([
  'telegram',
  'discord',
  'slack',
  'whatsapp',
  'email',
  'webhook',
  'web',
  'cli',
  'api',
]);
const headerName = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'must be the name of a header, such as x-signature-256');
/** Where senders put it that follow no standard. */
const usualHeaders = ['x-signature-256', 'x-hub-signature-256', 'x-signature', 'x-webhook-signature'];
const promptLimit = 8_000;

const replyToSchema = z.union([
  z
    .string()
    .refine(isChatKey, 'must be a chat such as telegram:7, or { url, secret }')
    .refine((key) => !key.startsWith('webhook:'), 'must not be an endpoint: it would answer itself'),
  z.object({ url: z.url({ protocol: /^https?$/ }), secret: z.string() }),
]);

const endpointSchema = z.object({
  secret: z.string(),
  previousSecret: z
    .string()
    .nullish()
    .transform((it) => it ?? null),
  scheme: z.enum(schemes),
  signatureHeader: headerName.nullish().transform((it) => (it ? [it] : usualHeaders)),
  timestampHeader: headerName.nullish().transform((it) => it ?? null),
  prompt: z.string().trim().min(1).max(promptLimit),
  replyTo: replyToSchema,
  perMinute: z.int().min(1).max(6_000).default(300),
});

/** `channels.webhook` of config.yaml. */
export const webhookSettingsSchema = z
  .object({ endpoints: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/), endpointSchema) })
  .transform(({ endpoints }, context) => {
    const made = Object.entries(endpoints).map(([name, entry]) =>
      endpointOf(name, entry, (path, message) =>
        context.addIssue({ code: 'custom', path: ['endpoints', name, ...path], message }),
      ),
    );
    return { endpoints: made.filter((endpoint) => endpoint !== null) };
  });
export type WebhookSettings = Readonly<z.infer<typeof webhookSettingsSchema>>;

type Refuse = (path: readonly string[], message: string) => void;

/** Null where something was refused. */
function endpointOf(name: string, entry: z.infer<typeof endpointSchema>, refuse: Refuse): Endpoint | null {
  const { secret, previousSecret, scheme, timestampHeader, perMinute } = entry;
  const signatureHeaders = entry.signatureHeader;
  if (takenNames.has(name))
    refuse([], `is the name of a channel: give the endpoint another one, such as ${name}-1`);
  const keyAt = (path: readonly string[], text: string, how: Scheme): Uint8Array | null => {
    const key = keyOf(text, how);
    if (typeof key !== 'string') return key;
    refuse(path, key);
    return null;
  };
  const keys = [
    keyAt(['secret'], secret, scheme),
    previousSecret === null ? null : keyAt(['previousSecret'], previousSecret, scheme),
  ].filter((key) => key !== null);
  const template = parseTemplate(entry.prompt, signing(signatureHeaders));
  if (!template.ok) refuse(['prompt'], template.why);
  const replyTo = replyToOf(entry.replyTo, (text) => keyAt(['replyTo', 'secret'], text, 'standard'));
  if (!template.ok || replyTo === null || keys.length === 0) return null;
  const how = { scheme, keys, signatureHeaders, timestampHeader, perMinute };
  return { name, ...how, prompt: template.value, replyTo };
}

function replyToOf(
  given: z.infer<typeof replyToSchema>,
  keyOfText: (text: string) => Uint8Array | null,
): ReplyTo | null {
  if (typeof given !== 'string') {
    const key = keyOfText(given.secret);
    return key === null ? null : { type: 'url', url: given.url, key };
  }
  return isChatKey(given) ? { type: 'chat', chat: given } : null;
}

/** Headers that prove something must not be shown to a model. */
function signing(signatureHeaders: readonly string[]): ReadonlySet<string> {
  const known = ['webhook-signature', 'x-hub-signature', 'x-hub-signature-256'];
  return new Set([...known, ...signatureHeaders, 'authorization', 'proxy-authorization', 'cookie']);
}

/** The bytes that sign, or what is wrong with the text. Standard Webhooks: base 64 behind `whsec_`. */
function keyOf(secret: string, scheme: Scheme): Uint8Array | string {
  const text = secret.trim();
  const coded = scheme === 'standard' ? text.replace(/^whsec_/, '') : text;
  if (coded === '') return 'is empty: without it anybody could call';
  if (text !== secret) return 'must not begin or end with spaces';
  if (scheme === 'standard' && !/^[A-Za-z0-9+/]+={0,2}$/.test(coded))
    return 'must be base 64 behind whsec_, as Standard Webhooks has it';
  const bytes = new Uint8Array(Buffer.from(coded, scheme === 'standard' ? 'base64' : 'utf8'));
  if (bytes.length >= fewestKeyBytes) return bytes;
  return `is too short (${bytes.length} bytes): it must have at least ${fewestKeyBytes}, such as \`openssl rand -base64 32\` makes`;
}

function isChatKey(text: string): text is ChatKey {
  return parseChatKey(text) !== null;
}
