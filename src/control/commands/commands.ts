import { mayUse, parseChatCommand } from '#core/command.ts';
import { TiroError, messageOf } from '#core/errors.ts';
import type { StoredEvent } from '#core/event.ts';
import { type Worker, createWorker } from '#lib/worker.ts';
import { answerCommand } from './answers.ts';
import type { CommandDeps } from './deps.ts';

export interface Commands extends Worker {
  tick(): Promise<boolean>;
}

const pollMs = 1_000;
const batch = 16;
const maxAttempts = 5;

/**
 * command event → answer → settled with its notice, in one commit. Commands have a lane of their own: none of them ever
 * waits behind a running turn. Each can be run again after a crash without doing anything twice.
 */
export function createCommands(deps: CommandDeps): Commands {
  const onDefect = (error: unknown): void => deps.log.error('command.defect', { error });
  const worker = createWorker({ clock: deps.clock, onDefect }, { pollMs, tick: () => tick(deps) });
  return { ...worker, tick: () => tick(deps) };
}

async function tick(deps: CommandDeps): Promise<boolean> {
  const events = await deps.store.events.commands(batch);
  for (const event of events) await runCommand(deps, event);
  return events.length === batch;
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
async function answerSafely(deps: CommandDeps, event: StoredEvent): Promise<string> {
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

async function settle(deps: CommandDeps, event: StoredEvent, text: string): Promise<void> {
  await deps.store.events.settleCommand({
    event: event.id,
    notice: text,
    deliveries: deps.compose.say({
      chat: event.chat,
      markdown: text,
      key: `command:${event.id}`,
      replyTo: null,
      buttons: [],
      editOf: null,
    }),
    at: deps.clock.now(),
  });
}
