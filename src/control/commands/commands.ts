import { mayUse, parseChatCommand } from '#core/command.ts';
import { TiroError, messageOf } from '#core/errors.ts';
import type { StoredEvent } from '#core/event.ts';
import type { Saying } from '#core/ports/compose.ts';
import { type Worker, createWorker } from '#lib/worker.ts';
import { answerCommand } from './answers.ts';
import type { CommandDeps } from './deps.ts';

export interface Commands extends Worker {
  tick(): Promise<boolean>;
}

const pollMs = 1_000;
const batch = 256;
/** Of one chat in one go: a flood of commands from one does not keep the others waiting. */
const batchOfChat = 4;
const maxAttempts = 5;

/**
 * command event → answer → settled with its notice, in one commit. Commands have a lane of their own: none of them ever
 * waits behind a running turn; those of a chat go one after another. Each can be run again after a crash without doing
 * anything twice.
 */
export function createCommands(deps: CommandDeps): Commands {
  const onDefect = (error: unknown): void => deps.log.error('command.defect', { error });
  const worker = createWorker({ clock: deps.clock, onDefect }, { pollMs, tick: () => tick(deps) });
  return { ...worker, tick: () => tick(deps) };
}

async function tick(deps: CommandDeps): Promise<boolean> {
  const events = await deps.store.events.commands(batch);
  const chats = [...Map.groupBy(events, (event) => event.chat).values()];
  const chosen = chats.map((queue) => queue.slice(0, batchOfChat));
  // All of them come to an end first: the next look must not find a command that still runs.
  const ends = await Promise.allSettled(chosen.map((queue) => runInOrder(deps, queue)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return events.length > chosen.flat().length;
}

async function runInOrder(deps: CommandDeps, queue: readonly StoredEvent[]): Promise<void> {
  for (const event of queue) await runCommand(deps, event);
}

async function runCommand(deps: CommandDeps, event: StoredEvent): Promise<void> {
  try {
    await settle(deps, event, await answerSafely(deps, event));
  } catch (error) {
    if (error instanceof TiroError) throw error; // fenced or no disk: the row stays queued
    const attempts = await deps.store.events.failCommand({ event: event.id, reason: messageOf(error) });
    deps.log.error('command.failed', { event: event.id, attempts, error });
    if (attempts >= maxAttempts)
      await settle(deps, event, 'Sorry, this command failed. The owner finds the reason in the log.');
  }
}

/** What went wrong on the sender's side is an answer; everything else goes up. */
async function answerSafely(deps: CommandDeps, event: StoredEvent): Promise<string | null> {
  try {
    const command = parseChatCommand(event.text);
    if (command === null || event.role === null)
      return 'I did not understand this command. /help lists them.';
    if (!mayUse(event.role, command.name)) return `/${command.name} is not for a ${event.role}.`;
    return await answerCommand(deps, event, command);
  } catch (error) {
    const isAnswer = error instanceof TiroError && !['fenced', 'store-unavailable'].includes(error.code);
    if (isAnswer) return error.message;
    throw error;
  }
}

/** Null ends it without a word. */
async function settle(deps: CommandDeps, event: StoredEvent, text: string | null): Promise<void> {
  await deps.store.events.settleCommand({
    event: event.id,
    notice: text,
    deliveries: text === null ? [] : deps.compose.say(sayingOf(event, text)),
    at: deps.clock.now(),
  });
}

function sayingOf({ chat, id }: StoredEvent, markdown: string): Saying {
  return { chat, markdown, key: `command:${id}`, replyTo: null, buttons: [], editOf: null };
}
