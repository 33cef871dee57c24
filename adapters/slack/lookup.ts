import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { OutboundDelivery } from '#core/delivery.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { bornAt } from '#lib/ids.ts';
import type { Intake } from './receive.ts';
import { channelOf, metadataType, type SendDeps, uploadKey } from './send.ts';

type Found = Awaited<ReturnType<NonNullable<AdapterPort['lookup']>>>;

const pageSize = 200;
const mostPages = 5;
const marginSeconds = 60;
const deliverySchema = z.object({
  event_type: z.literal(metadataType),
  event_payload: z.object({ delivery: z.string() }),
});
const pageSchema = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      user: z.string().optional(),
      subtype: z.string().optional(),
      files: z.array(z.unknown()).optional(),
      metadata: z.unknown().optional(),
    }),
  ),
  has_more: z.boolean().optional(),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});
const fileSchema = z.object({ file: z.object({ shares: z.record(z.string(), z.unknown()).optional() }) });

/** Looks for the delivery's id in the metadata of what was said there since it was made. Never rejects. */
export function createLookup(
  deps: SendDeps & { readonly intake: Intake },
): (delivery: OutboundDelivery, signal: AbortSignal) => Promise<Found> {
  const { client, state, intake } = deps;
  return (delivery, signal) =>
    delivery.body.kind === 'file' ? lookUpFile(delivery, signal) : lookUpMessage(delivery, signal);

  async function lookUpMessage(delivery: OutboundDelivery, signal: AbortSignal): Promise<Found> {
    const bot = await intake.identify(signal);
    if (!bot.ok) return { found: 'unknown' };
    const madeAt = bornAt(delivery.id);
    const oldest = madeAt === null ? {} : { oldest: String(Math.floor(madeAt / 1000) - marginSeconds) };
    let cursor = '';
    for (let page = 0; page < mostPages; page += 1) {
      const query = { ...oldest, ...(cursor === '' ? {} : { cursor }) };
      const answer = await client.call(
        async (api) => pageSchema.parse(await pageOf(api, delivery, query)),
        signal,
      );
      if (!answer.ok) return { found: 'unknown' };
      const { messages, response_metadata: next } = answer.value;
      const it = messages.find(({ metadata }) => deliveryIn(metadata) === delivery.id);
      if (it !== undefined) return { found: 'sent', platformId: it.ts };
      // Slack shows the metadata of some messages only, or of none: then what is not seen may be there.
      const isBare = messages.some(
        (one) => one.user === bot.value.user && !one.files && deliveryIn(one.metadata) === null,
      );
      if (isBare) return { found: 'unknown' };
      cursor = next?.next_cursor ?? '';
      if (cursor === '') return { found: madeAt === null ? 'unknown' : 'absent' };
    }
    return { found: 'unknown' };
  }

  /** Before the call that shows it the file's id was stored; Slack may take a while to tell where a file is shown. */
  async function lookUpFile(delivery: OutboundDelivery, signal: AbortSignal): Promise<Found> {
    const id = await state.get(uploadKey(delivery));
    if (id === null) return { found: 'absent' };
    const answer = await client.call(
      async (api) => fileSchema.parse(await api.files.info({ file: id })),
      signal,
    );
    const shares = answer.ok ? Object.keys(answer.value.file.shares ?? {}) : [];
    return shares.length > 0 ? { found: 'sent', platformId: id } : { found: 'unknown' };
  }
}

function pageOf(
  api: WebClient,
  { address }: OutboundDelivery,
  query: { readonly oldest?: string; readonly cursor?: string },
): Promise<unknown> {
  const all = { ...query, channel: channelOf(address), limit: pageSize, include_all_metadata: true };
  const { thread } = address;
  return thread === null ? api.conversations.history(all) : api.conversations.replies({ ...all, ts: thread });
}

function deliveryIn(metadata: unknown): string | null {
  return deliverySchema.safeParse(metadata).data?.event_payload.delivery ?? null;
}
