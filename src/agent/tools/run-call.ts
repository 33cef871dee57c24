import { TiroError } from '#core/errors.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { ToolContext, ToolResult } from '#core/tool.ts';
import { cutText } from '#lib/cut.ts';
import { type Moment, commit } from '../moment.ts';
import type { Intent } from '../next-action.ts';
import { settleUnknown } from './settle-unknown.ts';
import { type Prepared, type ResultBody, type Run, unknownOutcome } from './plan.ts';

/** How long an aborted tool may take to end. */
const lastWordsMs = 500;

/** Runs a call whose intent is a row and commits its result, whatever it is. */
export async function runCall(moment: Moment, call: Run): Promise<void> {
  const { deps, run } = moment;
  if (run.signal.aborted) return;
  const timeout = new AbortController();
  const cancel = deps.clock.after(call.tool.timeoutMs, () => timeout.abort());
  const signal = AbortSignal.any([run.signal, timeout.signal]);
  const outcome = await settleWithin(deps.clock, call.prepared, contextOf(moment, call.intent, signal));
  cancel();
  // Stopped or fenced: the row stays an intent, and its effect class decides what the next boot does with it.
  if (run.signal.aborted && outcome.type !== 'done') return;
  if (outcome.type === 'threw') reportThrown(moment, call.intent, outcome.error);
  const result = resultOf(moment, call, outcome);
  if (result.outcome === 'unknown') return settleUnknown(moment, result);
  return commit(moment, { steps: [result] });
}

type Outcome =
  | { readonly type: 'done'; readonly result: ToolResult }
  | { readonly type: 'threw'; readonly error: unknown }
  | { readonly type: 'aborted' };

/**
 * Ends with the tool, or soon after its signal: a tool that heeds it can still say how far it got, and one that does not
 * cannot hold the turn.
 */
async function settleWithin(clock: ClockPort, prepared: Prepared, context: ToolContext): Promise<Outcome> {
  const tooLate = Promise.withResolvers<Outcome>();
  let cancel = (): void => undefined;
  const onAbort = (): void => {
    cancel = clock.after(lastWordsMs, () => tooLate.resolve({ type: 'aborted' }));
  };
  context.signal.addEventListener('abort', onAbort, { once: true });
  const outcome = await Promise.race([run(prepared, context), tooLate.promise]);
  context.signal.removeEventListener('abort', onAbort);
  cancel();
  return outcome;
}

async function run(prepared: Prepared, context: ToolContext): Promise<Outcome> {
  try {
    return { type: 'done', result: await prepared.run(context) };
  } catch (error) {
    return context.signal.aborted ? { type: 'aborted' } : { type: 'threw', error };
  }
}

/**
 * Tools return their failures: what they throw is a defect, whose words may hold what neither model nor person should
 * read. They go to the log. A store that is away or not ours any more is the turn's affair, not the tool's.
 */
function reportThrown({ deps, run }: Moment, { tool, callId }: Intent, error: unknown): void {
  if (error instanceof TiroError && (error.code === 'fenced' || error.code === 'store-unavailable'))
    throw error;
  deps.log.error('tool.failed', { turn: run.turn.id, tool, call: callId, error });
}

function resultOf(moment: Moment, { intent, tool }: Run, outcome: Outcome): ResultBody {
  const base = { kind: 'result', callId: intent.callId, tool: intent.tool } as const;
  if (outcome.type === 'done') {
    const { ok, content } = outcome.result;
    return { ...base, outcome: ok ? 'ok' : 'error', content: capped(content, moment.options.maxResultChars) };
  }
  const why =
    outcome.type === 'threw'
      ? 'the tool broke off with a defect of its own'
      : `there was no result within ${tool.timeoutMs / 1_000} s`;
  // Whatever acts may have acted: a new call would have a new key and act a second time.
  if (intent.effect !== 'pure') return unknownOutcome(intent, why);
  return { ...base, outcome: 'error', content: `It did not work: ${why}.` };
}

function capped(content: string, most: number): string {
  if (content.length <= most) return content;
  const kept = cutText(content, most);
  return `${kept}\n[${content.length - kept.length} characters more were not kept]`;
}

function contextOf(moment: Moment, intent: Intent, signal: AbortSignal): ToolContext {
  const { turn } = moment.run;
  return {
    turn: turn.id,
    conversation: turn.conversation,
    chat: turn.chat,
    person: turn.person,
    role: turn.role,
    timezone: moment.person.timezone,
    effectKey: intent.effectKey,
    signal,
  };
}
