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
  searchMails,
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
/** A server that lets us in and throws us out at once is not asked each second: providers lock who hammers. */
const steadyMs = 60_000;
/** A mailbox that is new to us: what came so shortly before is read too, older mail never. */
const firstLookMs = 10 * 60_000;
/** The server numbered its mails anew: so far back they are looked at again. */
const lookBackMs = 7 * 24 * 3_600_000;
const askAgainForMs = 6 * 3_600_000;
const mostLater = 50;
const notHanded = 'the mail server does not hand it over';
const markEvery = 50;
/** Older mail without a mark is taken for read: nobody knows it any more if it was. */
const missedForMs = 24 * 3_600_000;
const mostMissed = 100;

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
  /** Behind the cursor and without a mark: read again, which does nothing twice. */
  readonly missed: Found[];
  /** The server told of mail since it was last looked for. */
  isNews: boolean;
  /** Why the connection is over. */
  end: string | null;
  /** Called for news, and at the end. */
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
    const run = { step: guarded, explain, tell: door.sink.state, steadyMs };
    await keepConnected(deps, run, door.signal);
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
      missed: [],
      isNews: false,
      end: null,
      onNews: () => undefined,
    };
    const end = (why: string): void => {
      box.end = why;
      box.onNews();
    };
    void session.ended.then(end);
    session.client.on('exists', () => {
      box.isNews = true;
      box.onNews();
    });
    if (cursor.uid === null) {
      deps.log.info('mailbox.begun', { channel: 'email', since: new Date(cursor.since).toISOString() });
    } else if (marks) {
      const isMissed = ({ arrivedAt }: Found): boolean => arrivedAt > now - missedForMs;
      const unmarked = await unmarkedIn(box);
      box.missed.push(...unmarked.filter(isMissed).slice(-mostMissed));
      box.unmarked.push(...unmarked.filter((one) => !box.missed.includes(one)).map(({ uid }) => uid));
    }
    return box;
  } catch (error) {
    session.close();
    throw error;
  }
}

function sinceFor(stored: Cursor | null, now: number): number {
  return stored === null ? now - firstLookMs : Math.max(stored.since, now - lookBackMs);
}

/** Stored before and not marked, as when a gateway dies in between; or shown late by the server, under a lower number. */
async function unmarkedIn({ session, cursor }: Box): Promise<readonly Found[]> {
  const { uid, since, later } = cursor;
  if (uid === null || uid === 0) return [];
  const query = { uid: `1:${uid}`, since: dayOf(since), unKeyword: seenMark };
  const found = await session.ask((client) => client.search(query, { uid: true }));
  const uids = (found === false || found === undefined ? [] : found).slice(-500);
  if (uids.length === 0) return [];
  const mails = await listMails(session, uids.join(','));
  return mails.filter((one) => one.arrivedAt >= since && !later.some((waiting) => waiting.uid === one.uid));
}

/** IMAP searches by day, in the server's time zone. */
function dayOf(ms: number): Date {
  return new Date(ms - 24 * 3_600_000);
}

/** Null: there may be news. Else why the connection is over. */
async function waitForNews({ clock }: ReceiveDeps, box: Box, { signal }: Door): Promise<string | null> {
  const news = Promise.withResolvers<void>();
  const heard = (): void => news.resolve();
  const cancel = clock.after(pollMs, heard);
  box.onNews = heard;
  if (box.isNews || box.end !== null || signal.aborted) heard();
  signal.addEventListener('abort', heard, { once: true });
  // It ends with the next command, or with the connection.
  if (!box.isNews) box.session.client.idle().catch(() => undefined);
  await news.promise;
  cancel();
  signal.removeEventListener('abort', heard);
  return box.end;
}

/** All behind the cursor, then those that wait for DNS, each with the cursor that it moves. */
async function readOn(deps: ReceiveDeps, box: Box, door: Door): Promise<void> {
  const { later } = box.cursor;
  box.isNews = false;
  const mails = await newIn(box);
  for (const found of [...box.missed.splice(0), ...mails]) {
    if (door.signal.aborted) return;
    await take(deps, box, { ...door, found, until: deps.clock.now() + askAgainForMs });
    if (box.unmarked.length >= markEvery) await mark(deps, box);
  }
  if (box.cursor.uid === null) {
    const uid = Math.max(box.uidNext - 1, ...mails.map((one) => one.uid));
    box.cursor = { ...box.cursor, uid };
    await door.sink.accept([], JSON.stringify(box.cursor));
  }
  await askAgain(deps, box, { ...door, later });
  await mark(deps, box);
}

/** The first in any case, the others while nothing new is there: whoever's DNS is slow keeps nobody's mail waiting. */
async function askAgain(
  deps: ReceiveDeps,
  box: Box,
  { later, ...door }: Door & Pick<Cursor, 'later'>,
): Promise<void> {
  for (const [index, { uid, until }] of later.entries()) {
    if (door.signal.aborted || (box.isNews && index > 0)) return;
    const [found] = await listMails(box.session, String(uid));
    await take(deps, box, { ...door, found: found ?? { uid, bytes: 0, arrivedAt: 0 }, until });
  }
}

async function newIn({ session, cursor }: Box): Promise<readonly Found[]> {
  const { uid, since } = cursor;
  if (uid !== null) {
    // `N:*` names the last mail even when its number is lower.
    const mails = await listMails(session, `${uid + 1}:*`);
    return mails.filter((one) => one.uid > uid);
  }
  const uids = await searchMails(session, { since: dayOf(since) });
  if (uids.length === 0) return [];
  // Not each by its number: servers take no line of any length.
  const first = uids.reduce((least, uid) => Math.min(least, uid));
  return (await listMails(session, `${first}:*`)).filter((one) => one.arrivedAt >= since);
}

async function take(
  deps: ReceiveDeps,
  box: Box,
  { sink, signal, found, until }: Door & { readonly found: Found; readonly until: number },
): Promise<void> {
  const { uid } = found;
  const { cursor } = box;
  const whole = found.bytes <= mostMailBytes;
  const raw = await sourceOf(box.session, found, whole ? 'source' : 'headers');
  const others = cursor.later.filter((waiting) => waiting.uid !== uid);
  const last = deps.clock.now() >= until || others.length >= mostLater;
  const place = `${cursor.uidValidity}/${uid}`;
  const mail = { place, bytes: found.bytes, whole, arrivedAt: found.arrivedAt };
  const reading: Reading =
    raw === null || raw === 'refused'
      ? { type: raw === null || last ? 'nothing' : 'later', why: raw === null ? 'it is gone' : notHanded }
      : await deps.read({ ...mail, raw }, last, signal);
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
