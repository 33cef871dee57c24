import { open } from 'node:fs/promises';
import { RequestMethod } from '@discordjs/rest';
import { z } from 'zod';
import type { Button, DeliveryBody, OutboundDelivery, SendError } from '#core/delivery.ts';
import { messageOf } from '#core/errors.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { cutText } from '#lib/cut.ts';
import { cleanFileName } from '#lib/text/file-name.ts';
import { sha256Hex } from '#lib/hash.ts';
import { bornAt } from '#lib/ids.ts';
import type { Client, Failure, Request } from './client.ts';
import { isLater, snowflakeAt } from './snowflake.ts';

type Body<K extends DeliveryBody['kind']> = Extract<DeliveryBody, { kind: K }>;

/** The one call for a delivery. Absent `platformId`: the answer names the message that was made. */
interface Plan extends Request {
  readonly platformId?: string;
  /** With this number of Discord's it is so already. */
  readonly doneAt?: number;
}

const textLimit = 2000;
export const uploadLimitBytes = 10_485_760;
const buttonsPerRow = 5;
const mostButtons = 25;
const labelLimit = 80;
const nonceLength = 25;
/** Should a 429 ever not say how long. */
const unsaidRetryMs = 5_000;
/** Discord knows a nonce for "a few minutes": less than it surely does, with time for the next try. */
const nonceHoldsMs = 60_000;
/** So long the next try goes out under it; after that the channel is read before. */
const nonceTriedMs = 120_000;
/** Of a delivery whose age its id does not tell. */
const lookBackMs = 15 * 60_000;
/** Discord's clock and ours. */
const clockSlackMs = 30_000;
/** Nobody is called by what the bot says, whatever stands in it; and no previews of links (1 << 2). */
const quiet = { allowed_mentions: { parse: [] }, flags: 4 } as const;

/** Whose messages are, as far as this process knows: the newest thousand, with the delivery of each. */
export interface Claimed {
  /** From when on it knows of all. */
  readonly since: number;
  readonly ids: Map<string, string>;
  /** Deliveries that may have arrived: only their nonce keeps the next try from being a second message. */
  readonly doubtful: Set<string>;
}

const mostClaimed = 1_000;

export function createClaimed(clock: Pick<ClockPort, 'now'>): Claimed {
  return { since: clock.now() + clockSlackMs, ids: new Map(), doubtful: new Set() };
}

function claim({ ids, doubtful }: Claimed, id: string, { id: delivery }: OutboundDelivery): string {
  doubtful.delete(delivery);
  const [oldest] = ids.set(id, delivery).keys();
  if (ids.size > mostClaimed && oldest !== undefined) ids.delete(oldest);
  return id;
}

function doubt({ doubtful }: Claimed, { id }: OutboundDelivery): void {
  const [oldest] = doubtful.add(id);
  if (doubtful.size > mostClaimed && oldest !== undefined) doubtful.delete(oldest);
}

/** One delivery → one REST call → one tagged result. */
export function createSend({ client, claimed, clock }: Omit<LookupDeps, 'bot'>): AdapterPort['send'] {
  return async (delivery, signal) => {
    if (claimed.doubtful.has(delivery.id) && ageOf(delivery, clock) >= nonceTriedMs) {
      const reason = 'an earlier call may have arrived, and Discord no longer knows its nonce';
      return { ok: false, error: { type: 'unknown', reason } };
    }
    const plan = await planFor(delivery);
    if (typeof plan === 'string') return { ok: false, error: { type: 'permanent', reason: plan } };
    const { platformId, doneAt, ...request } = plan;
    const answer = await client.call(request, platformId === undefined ? sentSchema : z.unknown(), signal);
    if (answer.ok)
      return {
        ok: true,
        platformId: claim(claimed, platformId ?? sentSchema.parse(answer.value).id, delivery),
      };
    const isDone = platformId !== undefined && doneAt !== undefined && answer.failure.reason === doneAt;
    return isDone ? { ok: true, platformId } : { ok: false, error: errorOf(answer.failure) };
  };
}

/** The call for a delivery, or in words why there can be none. */
async function planFor(to: OutboundDelivery): Promise<Plan | string> {
  const { body } = to;
  if (!isId(placeOf(to))) return 'the address is none of Discord';
  const messages = `/channels/${placeOf(to)}/messages` as const;
  const made = { method: RequestMethod.Post, path: messages };
  if (body.kind === 'file') return await filePlan(made, { ...to, body });
  if (body.kind === 'message') {
    const looks = looksOf(body);
    return typeof looks === 'string'
      ? looks
      : { ...made, body: { ...looks, ...keyOf(to), ...replyTo(body) } };
  }
  const target = body.kind === 'reaction' ? body.messageId : to.targetPlatformId;
  if (target === null || !isId(target)) return 'the message it is about was never sent to Discord';
  const changed = { path: `${messages}/${target}`, platformId: target } as const;
  switch (body.kind) {
    case 'edit': {
      const looks = looksOf(body);
      return typeof looks === 'string' ? looks : { ...changed, method: RequestMethod.Patch, body: looks };
    }
    case 'delete':
      return { ...changed, method: RequestMethod.Delete, doneAt: 10008 };
    case 'reaction': {
      if (body.emoji === '') return 'Discord takes a reaction back only when told which';
      const path = `${changed.path}/reactions/${encodeURIComponent(body.emoji)}/@me` as const;
      return { ...changed, path, method: RequestMethod.Put };
    }
  }
}

type FileDelivery = OutboundDelivery & { readonly body: Body<'file'> };

async function filePlan(made: Plan, to: FileDelivery): Promise<Plan | string> {
  const { path, name, mime: contentType, caption } = to.body;
  const opened = await open(path).catch(messageOf);
  if (typeof opened === 'string') return `the file cannot be read: ${opened}`;
  await using file = opened;
  const { size } = await file.stat();
  if (size === 0) return 'the file is empty';
  if (size > uploadLimitBytes) return 'the file is over the 10 MB that Discord takes';
  const filename = cleanFileName(name);
  const content = caption.length <= textLimit ? caption : `${cutText(caption, textLimit - 1)}…`;
  const body = { content, attachments: [{ id: 0, filename }], ...quiet, ...keyOf(to) };
  return { ...made, body, file: { name: filename, contentType, data: await file.readFile() } };
}

/** The same delivery, sent again within a few minutes, is the same message: Discord then answers with the first one. */
function keyOf({ id }: OutboundDelivery): { readonly nonce: string; readonly enforce_nonce: true } {
  return { nonce: sha256Hex(id).slice(0, nonceLength), enforce_nonce: true };
}

function replyTo({ replyTo: message }: Body<'message'>): { readonly message_reference?: object } {
  if (message === null || !isId(message)) return {};
  return { message_reference: { message_id: message, fail_if_not_exists: false } };
}

/** How a text is shown, or in words why it cannot be. Up to five buttons stand side by side. */
function looksOf({ text: content, buttons }: { readonly text: string; readonly buttons: readonly Button[] }) {
  if (buttons.length > mostButtons) return `a message of Discord takes at most ${mostButtons} buttons`;
  const keys = buttons.map(({ label, value: custom_id }) => {
    return { type: 2, style: 2, label: cutText(label, labelLimit), custom_id };
  });
  const rows = Array.from(
    { length: Math.ceil(keys.length / buttonsPerRow) },
    (_, row) => row * buttonsPerRow,
  );
  const components = rows.map((at) => ({ type: 1, components: keys.slice(at, at + buttonsPerRow) }));
  return { content, components, ...quiet };
}

/**
 * | Discord | means |
 * |---|---|
 * | 429, or the library knows that it would be one | rate-limited, for as long as it asks |
 * | 401 | transient: the owner puts a new token in; until then nothing leaves any more |
 * | 403, 50001 no access, 50013 no permission, 50007 the person takes no messages from the bot | permanent |
 * | 404, 10003 channel gone, 10008 message gone (of a deletion: done) | permanent |
 * | other 3xx and 4xx, such as 50035 too long | permanent, with Discord's words |
 * | any 5xx | unknown: no 5xx promises that nothing was done |
 * | never connected | transient |
 * | connection lost, 60 s without an answer, aborted after it left | unknown: looked up, or sent again under its nonce |
 */
function errorOf({ code, why: reason, retryAfterMs = unsaidRetryMs }: Failure): SendError {
  if (code === 'not-sent' || code === 401) return { type: 'transient', reason };
  if (code === 429) return { type: 'rate-limited', retryAfterMs: retryAfterMs || unsaidRetryMs, reason };
  if (code === 'lost' || code < 300 || code >= 500) return { type: 'unknown', reason };
  return { type: 'permanent', reason };
}

const sentSchema = z.object({ id: z.string() });
const recentSchema = z.array(
  sentSchema.extend({
    author: sentSchema,
    content: z.string(),
    attachments: z.array(z.object({ filename: z.string() })).default([]),
  }),
);

interface LookupDeps {
  readonly client: Client;
  readonly clock: Pick<ClockPort, 'now'>;
  readonly claimed: Claimed;
  /** The bot's user id, or null where Discord cannot be asked. */
  bot(signal: AbortSignal): Promise<string | null>;
}

type Lookup = NonNullable<AdapterPort['lookup']>;

/**
 * What became of a send whose answer was lost. While the nonce surely holds, `absent` is the right word for both cases:
 * sent again, the same message is answered. After that the channel is read: Discord does not give nonces back there, so
 * a message of ours with the same words, made since, is it, provided that this process knows of all others whose they
 * are: the same words may have been said before. Else it is `unknown`: rather twice and marked than never.
 */
export function createLookup({ client, clock, claimed, bot }: LookupDeps) {
  return async (delivery: OutboundDelivery, signal: AbortSignal): ReturnType<Lookup> => {
    if (ageOf(delivery, clock) < nonceHoldsMs) {
      doubt(claimed, delivery);
      return { found: 'absent' };
    }
    claimed.doubtful.delete(delivery.id);
    const madeAt = bornAt(delivery.id);
    const me = await bot(signal);
    const after = snowflakeAt((madeAt ?? clock.now() - lookBackMs) - clockSlackMs);
    const path = `/channels/${placeOf(delivery)}/messages` as const;
    const recent = await client.call({ path, query: { after, limit: '100' } }, recentSchema, signal);
    if (me === null || !recent.ok) return { found: 'unknown' };
    const [only, ...more] = recent.value.filter(
      ({ author, ...it }) =>
        author.id === me &&
        (claimed.ids.get(it.id) ?? delivery.id) === delivery.id &&
        isSame(it, delivery.body),
    );
    // A full page may not reach up to now.
    if (only === undefined) return { found: recent.value.length === 100 ? 'unknown' : 'absent' };
    if (more.length > 0 || isLater(snowflakeAt(claimed.since), only.id)) return { found: 'unknown' };
    return { found: 'sent', platformId: claim(claimed, only.id, delivery) };
  };
}

/** By the wall clock, which may have been set: then it tells nothing. */
function ageOf({ id }: OutboundDelivery, clock: LookupDeps['clock']): number {
  const madeAt = bornAt(id);
  return madeAt === null ? Number.POSITIVE_INFINITY : Math.abs(clock.now() - madeAt);
}

type Shown = Omit<z.infer<typeof recentSchema>[number], 'author'>;

function isSame({ content, attachments }: Shown, body: DeliveryBody): boolean {
  if (body.kind === 'file') return attachments.some(({ filename }) => filename === cleanFileName(body.name));
  return 'text' in body && withoutBlanks(content) === withoutBlanks(body.text);
}

/** Discord trims what is sent, line by line in places. */
function withoutBlanks(text: string): string {
  return text.replaceAll(/\s+/g, '');
}

/** A thread is a channel of its own to Discord. */
export function placeOf({ address }: Pick<OutboundDelivery, 'address'>): string {
  return address.thread ?? address.chat;
}

function isId(text: string): boolean {
  return /^\d{1,20}$/.test(text);
}
