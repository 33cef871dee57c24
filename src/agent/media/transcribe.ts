import type { SpendSettlement } from '#core/spend.ts';
import type { ReceivedFile } from '#core/ports/media.ts';
import type { Moment } from '../moment.ts';
import { overBudgetText } from '../wording.ts';
import { type Read, bodyOf } from './body.ts';

interface Heard extends ReceivedFile {
  readonly mime: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const deafText =
  'I cannot hear voice notes until model.transcription is set in config.yaml; tell the person so';

/** recording → reserve → transcription → its words. The reservation is committed before the call leaves. */
export async function transcribe(moment: Moment, heard: Heard, signal: AbortSignal): Promise<Read> {
  const { deps, run, person } = moment;
  const unreadable = (why: string, settle: Read['settle'] = null): Read => ({
    body: bodyOf(heard, { outcome: 'unreadable', mime: heard.mime, why }),
    settle,
  });
  const estimate = deps.transcription.estimate(heard.bytes.byteLength);
  if (estimate === null) {
    deps.tellUnheard(run.turn);
    return unreadable(deafText);
  }
  const { model, upperUsd } = estimate;
  const id = deps.ids.spend();
  const now = deps.clock.now();
  const { id: turn, conversation, person: handle } = run.turn;
  const cost = { model, reservedUsd: upperUsd ?? 0, priced: upperUsd !== null };
  const reserved = await deps.spend.reserve({
    spend: { id, turn, conversation, person: handle, purpose: 'transcription', ...cost },
    limits: deps.limits(person, now),
    at: now,
  });
  if (!reserved.ok) return unreadable(`it was not transcribed. ${overBudgetText(reserved)}`);
  const lostUsd = (mayBeBilled: boolean): number => (mayBeBilled ? cost.reservedUsd : 0);
  const heardWords = await deps.transcription.transcribe(heard, deps.assertEpoch, signal);
  const settle: SpendSettlement = {
    id,
    model,
    // What was billed by another measure than tokens counts as the upper estimate.
    costUsd: heardWords.ok ? (heardWords.costUsd ?? cost.reservedUsd) : lostUsd(heardWords.mayBeBilled),
    usage: heardWords.ok ? heardWords.usage : null,
  };
  if (!heardWords.ok) return unreadable(heardWords.why, settle);
  const words = heardWords.text.trim() === '' ? '(no words were heard)' : heardWords.text.trim();
  const text = `[voice note, transcribed] ${words}`;
  return { body: bodyOf(heard, { outcome: 'text', mime: heard.mime, text }), settle };
}
