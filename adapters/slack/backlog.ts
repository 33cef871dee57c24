import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import type { AdapterDeps } from '#core/ports/adapter.ts';
import type { Answer, Client } from './client.ts';
import { messageSchema } from './payload.ts';
import type { Door, Intake } from './receive.ts';

/** Longer than Slack goes on trying: what came in that time may be stored out of order. */
const overlapSeconds = 600;
const pageSize = 200;
const mostPages = 3;
const mostChannelPages = 10;
const pauseMs = 5_000;
const atOnce = 4;

type BacklogDeps = AdapterDeps & { readonly client: Client; readonly intake: Intake };

interface Place {
  readonly channel: string;
  readonly thread: string | null;
  readonly since: string;
}

const pageSchema = z.object({
  messages: z.array(z.unknown()),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});
const channelsSchema = z.object({
  channels: z.array(z.object({ id: z.string() })),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});
const parentSchema = messageSchema.extend({ reply_count: z.number().default(0) });

/**
 * Slack tries for about five minutes to tell an event. What was said while the gateway was away for longer is read back
 * from where each channel and thread was stored last. Resolves when all was read, or the signal aborted; what Slack does
 * not let us read (a missing scope) is logged and passed over.
 */
export function createBacklog(deps: BacklogDeps): (door: Door) => Promise<void> {
  const { intake } = deps;

  return async ({ signal }) => {
    const places = await intake.places();
    const newest = [...places.values()].reduce((a, b) => (a > b ? a : b), '');
    if (newest === '') return; // nothing was ever heard: there is nothing to go on from
    const known = [...places].toReversed().map(([place, at]) => placeIn(place, at));
    const others = (await readChannels(deps, signal)).filter((id) => !places.has(id));
    const line = [...known, ...others.map((id) => placeIn(id, newest))];
    const seen = new Set(line.map(nameOf));
    const worker = async (): Promise<void> => {
      for (let place = line.shift(); place !== undefined && !signal.aborted; place = line.shift()) {
        const threads = (await read(place, signal)).filter((thread) => !seen.has(nameOf(thread)));
        for (const thread of threads) seen.add(nameOf(thread));
        line.push(...threads);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  };

  /** Stores what was said there, and tells of threads that began there. */
  async function read(place: Place, signal: AbortSignal): Promise<readonly Place[]> {
    const { channel, thread, since } = place;
    const messages = (await readPages(deps, place, signal)) ?? [];
    await storeAll(deps, { channel, messages: messages.toSorted(byTime) }, signal);
    if (thread !== null) return [];
    const parents = messages.flatMap((message) => parentSchema.safeParse(message).data ?? []);
    return parents
      .filter(({ reply_count: replies }) => replies > 0)
      .map(({ ts }) => ({ channel, thread: ts, since }));
  }
}

/** Waits out limits and outages; a refusal is final. */
async function attempt<T>(
  { client, clock }: Pick<BacklogDeps, 'client' | 'clock'>,
  run: (api: WebClient) => Promise<T>,
  signal: AbortSignal,
): Promise<Answer<T>> {
  for (;;) {
    const answer = await client.call(run, signal);
    if (answer.ok || signal.aborted || answer.failure.type === 'refused') return answer;
    await clock.sleep(answer.failure.retryAfterMs ?? pauseMs, signal);
  }
}

async function storeAll(
  { intake, clock, log }: BacklogDeps,
  { channel, messages }: { readonly channel: string; readonly messages: readonly unknown[] },
  signal: AbortSignal,
): Promise<void> {
  while (messages.length > 0 && !signal.aborted) {
    try {
      return await intake.acceptHistory(channel, messages);
    } catch (error) {
      // It never comes again, so it is handed in until it is stored.
      log.error('event.refused', { channel: 'slack', why: messageOf(error) });
      await clock.sleep(pauseMs, signal);
    }
  }
}

/** The channels that the bot is in, as far as Slack tells. */
async function readChannels(deps: BacklogDeps, signal: AbortSignal): Promise<readonly string[]> {
  const ids = new Set<string>();
  let cursor = '';
  for (let page = 0; page < mostChannelPages; page += 1) {
    const query = cursor === '' ? mine : { ...mine, cursor };
    const ask = async (api: WebClient): Promise<z.infer<typeof channelsSchema>> =>
      channelsSchema.parse(await api.users.conversations(query));
    const answer = await attempt(deps, ask, signal);
    if (!answer.ok) return [...ids];
    for (const { id } of answer.value.channels) ids.add(id);
    cursor = answer.value.response_metadata?.next_cursor ?? '';
    if (cursor === '') return [...ids];
  }
  deps.log.warn('backlog.cut', { channel: 'slack', channels: ids.size });
  return [...ids];
}

/** All pages of a place, or as many as are read; null where Slack does not let us. */
async function readPages(
  deps: BacklogDeps,
  place: Place,
  signal: AbortSignal,
): Promise<readonly unknown[] | null> {
  const { channel, thread, since } = place;
  const messages: unknown[] = [];
  let cursor = '';
  for (let page = 0; page < mostPages; page += 1) {
    const query = { channel, oldest: since, limit: pageSize, ...(cursor === '' ? {} : { cursor }) };
    const ask = async (api: WebClient): Promise<z.infer<typeof pageSchema>> =>
      pageSchema.parse(
        await (thread === null
          ? api.conversations.history(query)
          : api.conversations.replies({ ...query, ts: thread })),
      );
    const answer = await attempt(deps, ask, signal);
    if (!answer.ok) {
      deps.log.warn('backlog.missed', { channel: 'slack', place: channel, why: answer.failure.why });
      return null;
    }
    messages.push(...answer.value.messages);
    cursor = answer.value.response_metadata?.next_cursor ?? '';
    if (cursor === '') return messages;
  }
  deps.log.warn('backlog.cut', { channel: 'slack', place: channel, read: messages.length });
  return messages;
}

const mine = { types: 'public_channel,private_channel,mpim,im', exclude_archived: true, limit: pageSize };

function placeIn(place: string, at: string): Place {
  const [channel = '', thread = null] = place.split('/', 2);
  return { channel, thread, since: `${Math.max(0, Math.floor(Number(at)) - overlapSeconds)}.000000` };
}

function nameOf({ channel, thread }: Place): string {
  return `${channel}/${thread ?? ''}`;
}

function byTime(a: unknown, b: unknown): number {
  return tsOf(a) < tsOf(b) ? -1 : 1;
}

function tsOf(message: unknown): string {
  return typeof message === 'object' && message !== null ? String(Reflect.get(message, 'ts')) : '';
}
