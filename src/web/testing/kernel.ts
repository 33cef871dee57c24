import type { StoredEvent } from '#core/event.ts';
import type { ConversationId, TurnId } from '#core/ids.ts';
import type { Submission, Submitted } from '#core/ports/door.ts';
import type { StepBody } from '#core/step.ts';
import type { Turn, TurnStatus } from '#core/turn.ts';
import {
  type Rows,
  addApproval,
  commitSteps,
  createRows,
  endTurn,
  placeConversation,
  publishLive,
  setEvent,
  startTurn,
  storeEvent,
} from './rows.ts';

/** A turn as a script sees it: each verb is one commit or one live event. */
export interface ScriptedTurn {
  readonly id: TurnId;
  readonly conversation: ConversationId;
  readonly text: string;
  step(body: StepBody): void;
  delta(text: string): void;
  restart(): void;
  waiting(reason: string): void;
  /** With a tool name it is a reply that calls this tool. */
  reply(text: string, tool?: string): void;
  /** Asks for an approval and parks. */
  ask(approval: { readonly id: string; readonly tool: string; readonly arguments: string }): void;
  end(status: Exclude<TurnStatus, 'running'>, reason?: string): void;
}

export type Script = (turn: ScriptedTurn) => Promise<void> | void;

/**
 * A scripted stand-in for the kernel behind the web's ports, in memory: what comes in becomes rows, a script plays the
 * turn, commits are told as the store tells them. Nothing of it judges, retries or survives.
 */
export interface Kernel extends Rows {
  readonly submissions: Submission[];
  script: Script;
  readonly submit: (submission: Submission) => Promise<Submitted>;
  /** One step outside any turn. */
  say(conversation: ConversationId, body: StepBody): void;
}

export function createKernel(now: () => number): Kernel {
  const rows = createRows(now);
  const kernel: Kernel = {
    ...rows,
    submissions: [],
    script: (turn) => {
      turn.reply(`You said: ${turn.text}`);
      turn.end('done');
    },
    submit: (submission) => submit(kernel, submission),
    say: (conversation, body) => commitSteps(rows, { conversation, turn: null }, [body]),
  };
  return kernel;
}

async function submit(kernel: Kernel, submission: Submission): Promise<Submitted> {
  kernel.submissions.push(submission);
  const { conversation: asked, key, channel, text, history } = submission;
  if (asked !== null && !kernel.conversations.has(asked))
    return { ok: false, reason: 'unknown-conversation' };
  const known = kernel.events.get(kernel.byKey.get(`${channel} ${key ?? ''}`) ?? 'evt_none');
  if (known !== undefined) {
    if (known.text !== text || known.conversation === null) return { ok: false, reason: 'conflict' };
    return { ok: true, event: known.id, conversation: known.conversation, duplicate: true };
  }
  const conversation = asked ?? placeConversation(kernel, submission);
  const event = storeEvent(kernel, submission, conversation);
  if (key !== null) kernel.byKey.set(`${channel} ${key}`, event.id);
  if (history.length > 0) commitSteps(kernel, { conversation, turn: null }, history);
  queueMicrotask(() => {
    if (event.lane === 'command') runCommand(kernel, event, conversation);
    else void runTurn(kernel, event, conversation);
  });
  return { ok: true, event: event.id, conversation, duplicate: false };
}

function runCommand(kernel: Kernel, event: StoredEvent, conversation: ConversationId): void {
  setEvent(kernel, event.id, { status: 'done' });
  kernel.say(conversation, { kind: 'notice', text: `Answer of ${event.text}` });
}

async function runTurn(kernel: Kernel, event: StoredEvent, conversation: ConversationId): Promise<void> {
  const turn = startTurn(kernel, event, conversation);
  const { id, name, text, sentAt: at } = event;
  const person = event.person ?? '';
  commitSteps(kernel, { conversation, turn: turn.id }, [
    { kind: 'input', event: id, person, name, text, files: [], at },
  ]);
  await kernel.script(scriptedTurn(kernel, event, turn));
}

function scriptedTurn(kernel: Kernel, event: StoredEvent, turn: Turn): ScriptedTurn {
  const at = { conversation: turn.conversation, turn: turn.id };
  const step = (body: StepBody): void => commitSteps(kernel, at, [body]);
  const end = (status: Exclude<TurnStatus, 'running'>, reason: string | null): void =>
    endTurn(kernel, { event: event.id, turn: turn.id }, { status, reason });
  return {
    id: turn.id,
    conversation: turn.conversation,
    text: event.text,
    step,
    delta: (text) => publishLive(kernel, { type: 'delta', ...at, text }),
    restart: () => publishLive(kernel, { type: 'restart', ...at }),
    waiting: (reason) => publishLive(kernel, { type: 'waiting', ...at, reason }),
    reply: (text, tool) => {
      const usage = { promptTokens: 10, cachedTokens: 4, completionTokens: 5 };
      const toolCalls = tool === undefined ? [] : [{ id: `call_${tool}`, name: tool, arguments: '{}' }];
      const finish = tool === undefined ? 'stop' : 'tool-calls';
      step({ kind: 'reply', text, toolCalls, model: 'main/test', usage, finish });
      kernel.partials.delete(turn.id);
    },
    ask: (asked) => {
      const { callId, plan, id } = addApproval(kernel, turn, asked);
      const content = `awaiting approval ${id}`;
      step({ kind: 'result', callId, tool: plan.tool, outcome: 'awaiting-approval', content });
      step({ kind: 'notice', text: `**Approval ${id}**: may I run \`${plan.tool}\`?` });
      end('parked', null);
    },
    end: (status, reason) => end(status, reason ?? null),
  };
}
