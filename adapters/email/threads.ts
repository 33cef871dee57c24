import { z } from 'zod';
import { sha256Hex } from '#lib/hash.ts';
import { parseJson } from '#lib/read/json.ts';
import { createInOrder } from '#lib/in-order.ts';
import type { AdapterStatePort } from '#core/ports/adapter.ts';

/** Where a mail of a thread stands among the others. */
export interface Mark {
  readonly chat: string;
  readonly thread: string | null;
  readonly messageId: string;
}

/** What an answer carries so that mail programs show it in its place. */
export interface ReplyMarks {
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  /** Of the first mail, without `Re:`; null: none is known. */
  readonly subject: string | null;
}

export interface Threads {
  /** The thread that a mail of this person belongs to. Null: it answers what we wrote there unasked. */
  placeOf(chat: string, references: readonly string[], own: string): Promise<string | null>;
  heard(mark: Mark, subject: string): Promise<void>;
  said(mark: Mark, subject: string): Promise<void>;
  marksFor(chat: string, thread: string | null, answers: string | null): Promise<ReplyMarks>;
}

const threadSchema = z.object({
  ids: z.array(z.string()),
  subject: z.string().nullable(),
  at: z.number(),
});
type Thread = z.infer<typeof threadSchema>;

const prefix = 'thread:';
const mostIds = 20;
const mostThreads = 2_000;
/** Looking through all of them is for now and then. */
const sweepEvery = 200;
const longestThread = 200;

/** Threads by person, in the adapter's own keys: at most 2,000, the oldest go first. */
export function createThreads(deps: {
  readonly state: AdapterStatePort;
  readonly clock: { now(): number };
}): Threads {
  const { state, clock } = deps;
  const inOrder = createInOrder();
  let added = 0;
  return {
    placeOf: async (chat, references, own) => {
      const [root = own] = references;
      const unasked = await read(chat, null);
      if (unasked?.ids.includes(root) === true) return null;
      return root.length <= longestThread && root.isWellFormed() ? root : `sha256-${sha256Hex(root)}`;
    },
    heard: (mark, subject) => add(mark, subject),
    said: (mark, subject) => add(mark, subject),
    marksFor: async (chat, thread, answers) => {
      const known = await read(chat, thread);
      const root = thread === null || thread.startsWith('sha256-') ? [] : [thread];
      // What was written unasked begins a mail of its own each time, unless it answers one.
      const ids = thread === null && answers === null ? [] : (known?.ids ?? []);
      const last = answers ?? ids.at(-1) ?? root.at(-1) ?? null;
      const before = answers !== null && ids.includes(answers) ? ids.slice(0, ids.indexOf(answers)) : ids;
      const chain = [...root, ...(thread === null ? [] : before), ...(last === null ? [] : [last])];
      return { inReplyTo: last, references: [...new Set(chain)], subject: known?.subject ?? null };
    },
  };

  async function read(chat: string, thread: string | null): Promise<Thread | null> {
    return threadSchema.safeParse(parseJson((await state.get(keyOf(chat, thread))) ?? '')).data ?? null;
  }

  function add({ chat, thread, messageId }: Mark, subject: string): Promise<void> {
    return inOrder(async () => {
      const known = await read(chat, thread);
      if (known?.ids.at(-1) === messageId) return;
      const ids = [...(known?.ids ?? []).filter((id) => id !== messageId), messageId].slice(-mostIds);
      const next: Thread = { ids, subject: known?.subject ?? subject, at: clock.now() };
      await state.set(keyOf(chat, thread), JSON.stringify(next));
      if (known !== null) return;
      added += 1;
      if (added % sweepEvery === 1) await sweep(state);
    });
  }
}

async function sweep(state: AdapterStatePort): Promise<void> {
  const all = Object.entries(await state.list(prefix));
  if (all.length <= mostThreads) return;
  const dated = all.map(([key, text]) => ({
    key,
    at: threadSchema.safeParse(parseJson(text)).data?.at ?? 0,
  }));
  const oldest = dated.toSorted((a, b) => a.at - b.at).slice(0, all.length - mostThreads);
  await state.setAll(Object.fromEntries(oldest.map(({ key }) => [key, null])));
}

function keyOf(chat: string, thread: string | null): string {
  return `${prefix}${sha256Hex(`${chat}\n${thread ?? ''}`)}`;
}

/** Without `Re:` and its like before it, on one line. */
export function bareSubject(subject: string): string {
  return subject
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim()
    .replace(/^(?:(?:re|aw|sv|antw|odp|ynt|rif|res|vs)\s*(?:\[\d+\])?\s*:\s*)+/i, '')
    .slice(0, 200)
    .trim()
    .toWellFormed();
}
