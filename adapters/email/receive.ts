import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import type { SinkPort } from '#core/ports/adapter.ts';
import type { ClockPort, LogPort, RandomPort } from '#core/ports/clock.ts';
import { type Outcome, keepConnected, reconnect, reconnectSeldom } from '#lib/net/keep-connected.ts';
import { parseJson } from '#lib/read/json.ts';
import {
  type Found,
  ImapRefused,
  type Session,
  listMails,
  mostMailBytes,
  openSession,
  sourceOf,
  takesKeyword,
  wordsOf,
} from './imap.ts';
import type { Mail, Reading } from './message.ts';
import type { EmailSettings } from './settings.ts';

export interface Door {
  readonly sink: SinkPort;
  readonly signal: AbortSignal;
}

export interface ReceiveDeps {
  readonly clock: ClockPort;
  readonly log: LogPort;
  readonly random: RandomPort;
  read(mail: Mail, last: boolean, signal: AbortSignal): Promise<Reading>;
}

/** Set on a mail when what it says is stored. */
export const seenMark = '$TiroSeen';

const pollMs = 3 * 60_000;
/** A mailbox that is new to us: what came so shortly before is read too, older mail never. */
const firstLookMs = 10 * 60_000;
/** The server numbered its mails anew: so far back they are looked at again. */
const lookBackMs = 7 * 24 * 3_600_000;
const askAgainForMs = 6 * 3_600_000;
const mostLater = 50;
const markEvery = 50;

const cursorSchema = z.object({
  uidValidity: z.string(),
  /** The last one that is stored. Null: they are looked for by the time. */
  uid: z.number().int().nonnegative().nullable(),
  /** Epoch ms: what the server got before is none of ours. */
  since: z.number(),
  /** Whose sender could not be proven for want of DNS, and until when it is asked again. */
  later: z.array(z.object({ uid: z.number(), until: z.number() })),
});
type Cursor = z.infer<typeof cursorSchema>;

interface Box {
  readonly session: Session;
  readonly uidNext: number;
  readonly marks: boolean;
  cursor: Cursor;
  /** Stored, and without their mark. */
  readonly unmarked: number[];
  /** The server told of mail since it was last looked for. */
  isNews: boolean;
  onNews(): void;
}

/** Connected → read on from the cursor → wait for news (IDLE) or a while → read on → … */
export function createReceive(deps: ReceiveDeps, settings: EmailSettings): (door: Door) => Promise<void> {
  let box: Box | null = null;
  return async (door) => {
    const step = async (): Promise<Outcome> => {
      if (box === null) {
        box = await openBox(deps, settings, door);
        await readOn(deps, box, door);
        return { ok: true, pause: 0 };
      }
      const open = box;
      const news = await waitForNews(deps, open, door);
      if (news !== null) return { ok: false, why: news, pause: reconnect };
      await readOn(deps, open, door);
      return { ok: true, pause: 0 };
    };
    const guarded = async (): Promise<Outcome> => {
      try {
        const outcome = await step();
        if (!outcome.ok) leave();
        return outcome;
      } catch (error) {
        leave();
        throw error;
      }
    };
    await keepConnected(deps, { step: guarded, explain, tell: door.sink.state }, door.signal);
    leave();
  };

  function leave(): void {
    box?.session.close();
    box = null;
  }
}

function explain(error: unknown): Outcome {
  const refused = error instanceof ImapRefused && error.refused;
  return {
    ok: false,
    why: refused ? messageOf(error) : wordsOf(error),
    pause: refused ? reconnectSeldom : reconnect,
  };
}

async function openBox(deps: ReceiveDeps, { imap }: EmailSettings, { sink, signal }: Door): Promise<Box> {
  const session = await openSession(deps, imap, signal);
  try {
    const mailbox = await session.ask((client) => client.mailboxOpen('INBOX'));
    const uidValidity = String(mailbox.uidValidity);
    const stored = cursorSchema.safeParse(parseJson((await sink.cursor()) ?? '')).data ?? null;
    const now = deps.clock.now();
    const cursor =
      stored?.uidValidity === uidValidity
        ? stored
        : { uidValidity, uid: null, since: sinceFor(stored, now), later: [] };
    const marks = takesKeyword(mailbox, seenMark);
    const box: Box = {
      session,
      uidNext: mailbox.uidNext,
      marks,
      cursor,
      unmarked: [],
      isNews: false,
      onNews: () => undefined,
    };
    session.client.on('exists', () => {
      box.isNews = true;
      box.onNews();
    });
    if (cursor.uid === null) {
      deps.log.info('mailbox.begun', { channel: 'email', since: new Date(cursor.since).toISOString() });
    } else if (marks) box.unmarked.push(...(await unmarkedIn(box)));
    return box;
  } catch (error) {
    session.close();
    throw error;
  }
}

function sinceFor(stored: Cursor | null, now: number): number {
  return stored === null ? now - firstLookMs : Math.max(stored.since, now - lookBackMs);
}

/** Stored before and not marked, as when a gateway dies in between. */
async function unmarkedIn({ session, cursor }: Box): Promise<readonly number[]> {
  const { uid, since, later } = cursor;
  if (uid === null || uid === 0) return [];
  const query = { uid: `1:${uid}`, since: dayOf(since), unKeyword: seenMark };
  const found = await session.ask((client) => client.search(query, { uid: true }));
  const uids = (found === false || found === undefined ? [] : found).slice(-500);
  if (uids.length === 0) return [];
  const mails = await listMails(session, uids.join(','));
  return mails.flatMap((one) =>
    one.arrivedAt >= since && !later.some((waiting) => waiting.uid === one.uid) ? [one.uid] : [],
  );
}

/** IMAP searches by day, in the server's time zone. */
function dayOf(ms: number): Date {
  return new Date(ms - 24 * 3_600_000);
}

/** Null: there may be news. Else why the connection is over. */
async function waitForNews({ clock }: ReceiveDeps, box: Box, { signal }: Door): Promise<string | null> {
  const { client, ended } = box.session;
  const news = Promise.withResolvers<string | null>();
  const heard = (): void => news.resolve(null);
  const cancel = clock.after(pollMs, heard);
  box.onNews = heard;
  if (box.isNews || signal.aborted) heard();
  signal.addEventListener('abort', heard, { once: true });
  void ended.then(news.resolve);
  // It ends with the next command, or with the connection.
  if (!box.isNews) client.idle().catch(() => undefined);
  const why = await news.promise;
  cancel();
  signal.removeEventListener('abort', heard);
  return why;
}

/** Those that wait for DNS, then all behind the cursor, each with the cursor that it moves. */
async function readOn(deps: ReceiveDeps, box: Box, door: Door): Promise<void> {
  const { session } = box;
  box.isNews = false;
  for (const { uid, until } of box.cursor.later) {
    const [found] = await listMails(session, String(uid));
    await take(deps, box, { ...door, found: found ?? { uid, bytes: 0, arrivedAt: 0 }, until });
  }
  const mails = await newIn(box);
  for (const found of mails) {
    if (door.signal.aborted) return;
    await take(deps, box, { ...door, found, until: deps.clock.now() + askAgainForMs });
    if (box.unmarked.length >= markEvery) await mark(deps, box);
  }
  if (box.cursor.uid === null) {
    const uid = Math.max(box.uidNext - 1, ...mails.map((one) => one.uid));
    box.cursor = { ...box.cursor, uid };
    await door.sink.accept([], JSON.stringify(box.cursor));
  }
  await mark(deps, box);
}

async function newIn({ session, cursor }: Box): Promise<readonly Found[]> {
  const { uid, since } = cursor;
  if (uid !== null) {
    // `N:*` names the last mail even when its number is lower.
    const mails = await listMails(session, `${uid + 1}:*`);
    return mails.filter((one) => one.uid > uid);
  }
  const found = await session.ask((client) => client.search({ since: dayOf(since) }, { uid: true }));
  const uids = found === false || found === undefined ? [] : found;
  if (uids.length === 0) return [];
  return (await listMails(session, uids.join(','))).filter((one) => one.arrivedAt >= since);
}

async function take(
  deps: ReceiveDeps,
  box: Box,
  { sink, signal, found, until }: Door & { readonly found: Found; readonly until: number },
): Promise<void> {
  const { uid } = found;
  const { cursor } = box;
  const whole = found.bytes <= mostMailBytes;
  const raw = await sourceOf(box.session, uid, whole ? 'source' : 'headers');
  const others = cursor.later.filter((waiting) => waiting.uid !== uid);
  const last = deps.clock.now() >= until || others.length >= mostLater;
  const place = `${cursor.uidValidity}/${uid}`;
  const mail = raw === null ? null : { place, raw, bytes: found.bytes, whole, arrivedAt: found.arrivedAt };
  const reading: Reading =
    mail === null ? { type: 'nothing', why: 'it is gone' } : await deps.read(mail, last, signal);
  if (signal.aborted) return;
  if (reading.type !== 'event') {
    deps.log.info(reading.type === 'later' ? 'mail.waits' : 'mail.ignored', {
      channel: 'email',
      place,
      why: reading.why,
    });
  }
  const later = reading.type === 'later' ? [...others, { uid, until }] : others;
  // A look by the time is over when all of it is stored.
  const next: Cursor = { ...cursor, uid: cursor.uid === null ? null : Math.max(cursor.uid, uid), later };
  await sink.accept(reading.type === 'event' ? [reading.event] : [], JSON.stringify(next));
  box.cursor = next;
  if (reading.type !== 'later') box.unmarked.push(uid);
}

/** For people who look into the mailbox, and for us nothing hangs on it. */
async function mark({ log }: ReceiveDeps, box: Box): Promise<void> {
  const uids = box.unmarked.splice(0);
  if (uids.length === 0 || !box.marks) return;
  const done = await box.session.ask((client) =>
    client.messageFlagsAdd(uids.join(','), [seenMark], { uid: true, silent: true }),
  );
  if (!done) log.warn('mail.unmarked', { channel: 'email', count: uids.length });
}
