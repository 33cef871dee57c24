import type { MediaReading, ReceivedFile } from '#core/ports/media.ts';
import type { Append } from '#core/store/turns.ts';
import { within } from '#lib/net/within.ts';
import { type Moment, commit, turnSteps } from '../moment.ts';
import { type MediaBody, type Read, bodyOf } from './body.ts';
import { transcribe } from './transcribe.ts';

/** A file of an input that has no `media` step yet; `place` counts the files of the turn. */
interface Unread extends ReceivedFile {
  readonly place: number;
}

/**
 * Before the model is asked: each file of the turn's messages is fetched, read and committed as a step, one after another. A
 * crash goes on behind the last of these steps. Whatever cannot be read is said in words, so that nothing stays open.
 */
export async function readMedia(moment: Moment): Promise<void> {
  const { deps, options, run } = moment;
  const unread = unreadFiles(moment);
  const left = unread.filter((one) => refusal(moment, one) === null);
  const refused = unread.flatMap((one) => refusedBody(moment, one));
  if (refused.length > 0) await commit(moment, { steps: refused });
  const endsAt = deps.clock.elapsed() + options.mediaMs;
  for (const one of left) {
    if (run.signal.aborted) return;
    const leftMs = endsAt - deps.clock.elapsed();
    const { body, settle } = await readOne(moment, one, leftMs);
    if (run.signal.aborted) return settleAlone(moment, settle);
    await commit(moment, { steps: [body], settle });
  }
}

function unreadFiles(moment: Moment): readonly Unread[] {
  const { chat } = moment.run.turn;
  const bodies = turnSteps(moment).map(({ body }) => body);
  const received = bodies.flatMap((body) =>
    body.kind === 'input' ? body.files.map((file, index) => ({ chat, event: body.event, index, file })) : [],
  );
  const isRead = ({ event, index }: ReceivedFile): boolean =>
    bodies.some((body) => body.kind === 'media' && body.event === event && body.file === index);
  return received.map((one, place) => ({ ...one, place })).filter((one) => !isRead(one));
}

/** What is not even fetched, and why. */
function refusal({ run, options }: Moment, { place }: Unread): string | null {
  if (run.turn.role === 'guest') return 'files are read for the owner and members only';
  if (place >= options.maxFiles) return `only the first ${options.maxFiles} files are read at a time`;
  return null;
}

function refusedBody(moment: Moment, one: Unread): readonly MediaBody[] {
  const why = refusal(moment, one);
  return why === null ? [] : [bodyOf(one, { outcome: 'unreadable', mime: one.file.mime, why })];
}

async function readOne(moment: Moment, one: Unread, leftMs: number): Promise<Read> {
  const { deps, run } = moment;
  if (leftMs <= 0) return late(one);
  const limit = { clock: deps.clock, ms: leftMs, signal: run.signal };
  return within(limit, async (signal) => {
    const isVoice = one.file.kind === 'audio';
    // A recording that nobody could hear is not fetched.
    const isDeaf = isVoice && deps.transcription.estimate(0) === null;
    const reading: MediaReading = isDeaf
      ? { outcome: 'audio', mime: one.file.mime, bytes: new Uint8Array() }
      : await deps.media.read(one, signal);
    if (reading.outcome === 'audio') return transcribe(moment, { ...one, ...reading }, signal);
    if (signal.aborted && reading.outcome === 'unreadable') return late(one);
    return { body: bodyOf(one, reading), settle: null };
  });
}

function late(one: Unread): Read {
  const why = 'there was no time left to read it: send it again by itself';
  return { body: bodyOf(one, { outcome: 'unreadable', mime: one.file.mime, why }), settle: null };
}

/** The turn may have ended by now, so no commit of its own can carry it. */
async function settleAlone({ deps }: Moment, settle: Append['settle']): Promise<void> {
  if (settle !== null) await deps.spend.settle({ ...settle, at: deps.clock.now() });
}
