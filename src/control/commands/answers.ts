import { type ChatCommand, chatCommands, mayUse } from '#core/command.ts';
import type { ConversationId } from '#core/ids.ts';
import { TiroError } from '#core/errors.ts';
import type { StoredEvent } from '#core/event.ts';
import type { QueueMode } from '#core/turn.ts';
import { dayStart } from '#lib/day.ts';
import { decideApproval } from '../approvals.ts';
import type { CommandDeps } from './deps.ts';
import type { Person } from '#core/person.ts';
import { pairByChat } from '../people/by-chat.ts';

/**
 * Does what a chat command asks and says what was done; null where silence is due. Rejects with a TiroError whose message
 * is the answer.
 */
export async function answerCommand(
  deps: CommandDeps,
  event: StoredEvent,
  command: ChatCommand,
): Promise<string | null> {
  const { args } = command;
  switch (command.name) {
    case 'help':
      return helpText(event);
    case 'new':
      return 'A new conversation begins. What was said before is kept, but I no longer look at it here.';
    case 'stop':
      return stop(deps, event);
    case 'status':
      return statusText(deps, event);
    case 'approve':
      return decide(deps, event, { args, decision: 'approved' });
    case 'deny':
      return decide(deps, event, { args, decision: 'denied' });
    case 'model':
      return chooseModel(deps, event, args);
    case 'queue':
      return chooseQueue(deps, event, args);
    case 'spend':
      return spendText(deps, event);
    case 'pair':
      return pairByChat({ ...deps, ...deps.store }, event, args);
  }
}

function helpText(event: StoredEvent): string {
  const role = event.role ?? 'guest';
  const lines = Object.entries(chatCommands)
    .filter(([name]) => isCommandName(name) && mayUse(role, name))
    .map(([, command]) => `- \`${command.usage}\`: ${command.does}`);
  return ['Write to me as you would to a person. Commands:', ...lines].join('\n');
}

function isCommandName(name: string): name is keyof typeof chatCommands {
  return Object.hasOwn(chatCommands, name);
}

/** What runs, waits or is asked in this chat, in a conversation that /new has closed as well. */
async function stop(deps: CommandDeps, event: StoredEvent): Promise<string> {
  const by = event.person ?? 'somebody';
  const sum = { turns: 0, events: 0, approvals: 0, deliveries: 0 };
  for (const conversation of await conversationsIn(deps, event)) {
    const stopped = await deps.store.turns.stop({ conversation, by, upTo: event.seq, at: deps.clock.now() });
    sum.turns += stopped.turns.length;
    sum.events += stopped.events;
    sum.approvals += stopped.approvals;
    sum.deliveries += stopped.deliveries;
  }
  const parts = [
    counted(sum.turns, 'running answer'),
    counted(sum.events, 'waiting message'),
    counted(sum.approvals, 'open approval'),
    counted(sum.deliveries, 'unsent delivery', 'unsent deliveries'),
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'There is nothing to stop.' : `Stopped: ${parts.join(', ')}.`;
}

async function conversationsIn(deps: CommandDeps, event: StoredEvent): Promise<ReadonlySet<ConversationId>> {
  const { chat } = event;
  const [running, pending] = await Promise.all([
    deps.store.turns.list({ status: 'running', conversation: null, limit: 1_000 }),
    deps.store.approvals.list({ status: 'pending', chat, limit: 1_000 }),
  ]);
  const here = running.filter((turn) => turn.chat === chat);
  return new Set([conversationOf(event), ...[...here, ...pending].map(({ conversation }) => conversation)]);
}

function counted(count: number, one: string, many = `${one}s`): string | null {
  return count === 0 ? null : `${count} ${count === 1 ? one : many}`;
}

async function statusText(deps: CommandDeps, event: StoredEvent): Promise<string> {
  const conversation = conversationOf(event);
  const [row, running, pending] = await Promise.all([
    deps.store.conversations.get(conversation),
    deps.store.turns.list({ status: 'running', conversation, limit: 1 }),
    deps.store.approvals.list({ status: 'pending', chat: event.chat, limit: 20 }),
  ]);
  const [turn] = running;
  const seconds = turn === undefined ? 0 : Math.round((deps.clock.now() - turn.startedAt) / 1_000);
  return [
    turn === undefined ? 'Nothing is running here.' : `I am working on an answer since ${seconds} s.`,
    `Model: ${row?.model ?? deps.model.names()[0] ?? 'none'}. Queue mode: ${row?.queueMode ?? deps.defaultQueueMode()}.`,
    ...pending.map((approval) => `Approval ${approval.id} is open: \`${approval.plan.tool}\`.`),
    await spendText(deps, event),
  ].join('\n');
}

async function decide(
  deps: CommandDeps,
  event: StoredEvent,
  ask: { readonly args: string; readonly decision: 'approved' | 'denied' },
): Promise<string> {
  const [id = '', ...rest] = ask.args.split(/\s+/);
  if (id === '')
    throw new TiroError('bad-input', 'Which one? Write `/approve ID` or `/deny ID`; /status lists them.');
  const reason = rest.join(' ').replace(/^because\s+/i, '') || null;
  const approval = await decideApproval(
    { approvals: deps.store.approvals, ids: deps.ids, clock: deps.clock },
    await deciderOf(deps, event),
    { id, decision: ask.decision, reason, askedAt: event.receivedAt },
  );
  return ask.decision === 'approved'
    ? `Approved: \`${approval.plan.tool}\` runs now, exactly as shown.`
    : `Denied: \`${approval.plan.tool}\` does not run.`;
}

/** In a room that others read, the owner decides what the owner asked for; the asks of others in the owner's own chat. */
async function deciderOf(deps: CommandDeps, event: StoredEvent): Promise<Person> {
  const person = deps.directory.person(event.person ?? 'nobody');
  if (event.role !== 'owner') return person;
  const isOwnDoor = deps.compose.abilitiesOf(event.chat)?.delivery === 'pull';
  const isPrivate = isOwnDoor || (await deps.store.conversations.get(conversationOf(event)))?.direct === true;
  return { ...person, approves: isPrivate ? 'all' : 'own' };
}

async function chooseModel(deps: CommandDeps, event: StoredEvent, name: string): Promise<string> {
  const names = deps.model.names();
  const conversation = conversationOf(event);
  if (name === '') {
    const row = await deps.store.conversations.get(conversation);
    const current = row?.model ?? names[0] ?? 'none';
    return `This conversation uses ${current}. Known: ${names.join(', ')}. \`/model NAME\` changes it, \`/model default\` goes back.`;
  }
  if (name !== 'default' && !names.includes(name)) {
    throw new TiroError('bad-input', `There is no model ${name}. Known: ${names.join(', ')}.`);
  }
  await deps.store.conversations.setModel({ conversation, model: name === 'default' ? null : name });
  return name === 'default' ? `Back to ${names[0] ?? 'the default'}.` : `From now on ${name} answers here.`;
}

async function chooseQueue(deps: CommandDeps, event: StoredEvent, mode: string): Promise<string> {
  if (!isQueueMode(mode)) {
    throw new TiroError(
      'bad-input',
      'Use `/queue queue` (one after the other), `/queue steer` (join the running answer) or `/queue interrupt` (start anew).',
    );
  }
  await deps.store.conversations.setQueueMode({ conversation: conversationOf(event), mode });
  return `Messages you send while I work: ${mode}.`;
}

function isQueueMode(text: string): text is QueueMode {
  return text === 'queue' || text === 'steer' || text === 'interrupt';
}

async function spendText(deps: CommandDeps, event: StoredEvent): Promise<string> {
  const person = deps.directory.person(event.person ?? 'nobody');
  const since = dayStart(deps.clock.now(), person.timezone);
  const rows = await deps.store.spend.byDay({ since, person: person.handle });
  const usd = rows.reduce((sum, row) => sum + row.costUsd, 0);
  const calls = rows.reduce((sum, row) => sum + row.calls, 0);
  const unpriced = rows.reduce((sum, row) => sum + row.unpricedCalls, 0);
  const tokens = rows.reduce((sum, row) => sum + row.promptTokens + row.completionTokens, 0);
  const note = unpriced === 0 ? '' : ` ${unpriced} of them have no known price and count as $0.`;
  return `Spent today: $${usd.toFixed(4)} in ${calls} model calls (${tokens} tokens).${note}`;
}

function conversationOf(event: StoredEvent): ConversationId {
  if (event.conversation === null) throw new Error(`Command ${event.id} has no conversation.`);
  return event.conversation;
}
