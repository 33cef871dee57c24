import { type ChatKey, addressToKey } from '#core/address.ts';
import type { Step } from '#core/step.ts';
import type { ControlClient } from '../gateway/control-client.ts';
import type { Printer } from '../output/printer.ts';
import { describeStep } from '../output/steps.ts';

/** Where the terminal's own messages go. */
const terminalChat: ChatKey = addressToKey({ channel: 'cli', chat: 'owner', thread: null });
const searched = 200;
const shownSteps = 12;

export interface Past {
  readonly conversation: string;
  readonly steps: readonly Step[];
}

/** The conversation to go on with: the one that is named, else the terminal's open one; null where there is none. */
export async function findPast(control: ControlClient, conversation: string | null): Promise<Past | null> {
  const id = conversation ?? (await openConversation(control));
  if (id === null) return null;
  const { steps } = await control.run('conversations.show', { id });
  return { conversation: id, steps };
}

async function openConversation(control: ControlClient): Promise<string | null> {
  const latest = await control.run('conversations.list', { limit: searched });
  return latest.find(({ chat, open }) => open && chat === terminalChat)?.id ?? null;
}

/** The last messages both ways. */
export function printPast(print: Printer, past: Past, render: (markdown: string) => string): void {
  const said = past.steps.filter(({ body }) => ['input', 'reply', 'said', 'notice'].includes(body.kind));
  const last = said
    .map(({ body }) => ({ kind: body.kind, ...describeStep(body) }))
    .filter(({ text }) => text !== '');
  if (last.length > shownSteps) print.line(print.paint('dim', `… ${last.length - shownSteps} earlier`));
  for (const { kind, text } of last.slice(-shownSteps)) {
    if (kind === 'input') print.line(print.paint('strong', `› ${text}`));
    else print.line(`${kind === 'notice' ? print.paint('dim', text) : render(text)}\n`);
  }
}

/** What was typed in it, latest first: for the arrow keys. */
export function typedBefore(past: Past | null): readonly string[] {
  const typed = (past?.steps ?? []).flatMap(({ body }) => (body.kind === 'input' ? [body.text] : []));
  return typed.filter((text) => !text.includes('\n')).reverse();
}
