import type { ModelImage, ModelMessage } from '#core/ports/model.ts';
import type { Step, StepBody } from '#core/step.ts';
import type { Effect } from '#core/tool.ts';
import { approvedCallId, approvedCallPrefix } from '../next-action.ts';
import { foldText } from './fold.ts';
import { imagesOf, newestPictures } from './pictures.ts';
import { createTimeFormat } from './time.ts';
import { dropOldest, gap, mergeUserMessages } from './window.ts';
import { toolsOfDead, withoutDead, withoutTakenBack } from './dead.ts';
import {
  deadTurn,
  decisionText,
  failedTurn,
  inputText,
  mediaText,
  saidText,
  showCall,
  stoppedBefore,
  stoppedTurn,
  stoppedWithin,
} from './words.ts';

export interface Projection {
  readonly system: string;
  readonly timezone: string | null;
  /** In a group each message names its speaker. */
  readonly direct: boolean;
  readonly resultLimit: (tool: string) => number;
  /** A file's words over this many characters are folded as results are. */
  readonly fileLimit: number;
  /** Older steps than these were left out already. */
  readonly isCut: boolean;
  /** Most bytes of history; older turns fall away in large blocks, so that the prefix stays stable between. */
  readonly budgetBytes: number;
}

/**
 * What the model sees: a pure function of the steps. Nothing in it changes when it is made again later: the time of a
 * message is frozen in its step and stands at the message's end, so each request repeats the last one as its prefix.
 */
export function projectContext(steps: readonly Step[], projection: Projection): readonly ModelMessage[] {
  const shown = stepsToMessages(steps, projection);
  const history = mergeUserMessages(projection.isCut ? [gap, ...shown] : shown);
  const kept = newestPictures(dropOldest(history, projection.budgetBytes));
  return [{ role: 'system', content: projection.system }, ...kept];
}

type Reply = Extract<StepBody, { kind: 'reply' }>;

/** A walk over the steps. Call ids repeat between replies with some providers: a result belongs to the reply before it. */
interface Walk {
  readonly messages: ModelMessage[];
  /** The last reply, when it made calls; its answers are gathered until the next one. */
  reply: Reply | null;
  answers: Map<string, string>;
  begun: Map<string, Effect>;
  /** What came between its calls and their results: every answer must stand right behind its call. */
  later: ModelMessage[];
  /** Approved plans whose result has not come yet, by call id. */
  readonly approved: Map<string, { readonly tool: string; effect: Effect | null }>;
}

function stepsToMessages(steps: readonly Step[], projection: Projection): readonly ModelMessage[] {
  const { direct, timezone, resultLimit, fileLimit } = projection;
  const style = { direct, formatTime: createTimeFormat(timezone) };
  const walk: Walk = {
    messages: [],
    reply: null,
    answers: new Map(),
    begun: new Map(),
    later: [],
    approved: new Map(),
  };
  const tools = toolsOfDead(steps);
  for (const { seq, body } of withoutDead(withoutTakenBack(steps))) {
    switch (body.kind) {
      case 'input':
        note(walk, inputText(body, style));
        break;
      case 'media':
        note(walk, mediaText(body, foldText(body.content, fileLimit, seq)), imagesOf(body));
        break;
      case 'said':
        note(walk, saidText(body));
        break;
      case 'reply':
        addReply(walk, body);
        break;
      case 'intent':
        addIntent(walk, body);
        break;
      case 'result':
        addResult(walk, body, foldText(body.content, resultLimit(body.tool), seq));
        break;
      case 'decision':
        note(walk, decisionText(body));
        if (body.decision === 'approved')
          walk.approved.set(approvedCallId(body), { tool: body.tool, effect: null });
        break;
      case 'end':
        if (body.status === 'dead') note(walk, deadTurn(tools.get(seq) ?? []));
        else endTurn(walk, body.status);
        break;
      case 'notice':
        break;
    }
  }
  closeReply(walk);
  return walk.messages;
}

function note(walk: Walk, content: string, images: readonly ModelImage[] = []): void {
  const shown = images.length === 0 ? {} : { images };
  (walk.reply === null ? walk.messages : walk.later).push({ role: 'user', content, ...shown });
}

function addReply(walk: Walk, body: Reply): void {
  closeReply(walk);
  if (body.toolCalls.length > 0) walk.reply = body;
  // Providers refuse an empty message, and would refuse every later request with it.
  else if (body.text.trim() !== '')
    walk.messages.push({ role: 'assistant', content: body.text, toolCalls: [] });
}

function closeReply(walk: Walk): void {
  const { reply, answers, begun, later } = walk;
  if (reply === null) return;
  const toolCalls = reply.toolCalls.map(showCall);
  walk.messages.push({ role: 'assistant', content: reply.text, toolCalls });
  for (const { id } of toolCalls) {
    walk.messages.push({ role: 'tool', callId: id, content: answers.get(id) ?? unanswered(begun.get(id)) });
  }
  walk.messages.push(...later);
  Object.assign(walk, { reply: null, answers: new Map(), begun: new Map(), later: [] });
}

/** What a stop or a crash left open. */
function unanswered(effect: Effect | null | undefined): string {
  return effect === 'keyed' || effect === 'once' ? stoppedWithin : stoppedBefore;
}

function addIntent(walk: Walk, body: Extract<StepBody, { kind: 'intent' }>): void {
  const approved = walk.approved.get(body.callId);
  if (approved !== undefined) approved.effect = body.effect;
  else if (walk.reply !== null) walk.begun.set(body.callId, body.effect);
}

/** The result of an approved plan has no open call to answer: its call was answered with "awaiting approval". */
function addResult(walk: Walk, body: Extract<StepBody, { kind: 'result' }>, content: string): void {
  if (body.callId.startsWith(approvedCallPrefix)) {
    walk.approved.delete(body.callId);
    note(walk, `[Result of the approved call of ${body.tool}]\n${content}`);
  } else if (walk.reply !== null && !walk.answers.has(body.callId)) {
    walk.answers.set(body.callId, content === '' ? '(no output)' : content);
  }
}

/** A message that was stopped or failed stands unanswered: without a word the next turn would go on with it. */
function endTurn(walk: Walk, status: Exclude<Extract<StepBody, { kind: 'end' }>['status'], 'dead'>): void {
  for (const { tool, effect } of walk.approved.values()) {
    note(walk, `[The approved call of ${tool}: ${unanswered(effect)}]`);
  }
  walk.approved.clear();
  if (status === 'cancelled') note(walk, stoppedTurn);
  if (status === 'failed') note(walk, failedTurn);
}
