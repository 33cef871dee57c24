import { TiroError } from '#core/errors.ts';
import type { Approval } from '#core/policy.ts';
import type { CliDeps } from '../deps.ts';
import type { FeedEvent } from '../gateway/feed.ts';
import type { Printer } from '../output/printer.ts';
import { cleanText, oneLine } from '../output/text.ts';
import { pendingOf } from '../exchange/answer.ts';
import type { Outcome } from '../exchange/awaited.ts';
import { createComposer } from './compose.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Lines } from './lines.ts';
import { renderMarkdown, type Screen } from '../screen/screen.ts';

export interface TalkParts {
  readonly deps: CliDeps;
  readonly print: Printer;
  readonly screen: Screen;
  readonly lines: Lines;
  readonly exchange: Exchange;
  /** Where the first message goes; null: the terminal's open conversation, made when there is none. */
  readonly conversation: string | null;
}

/** Words that leave the chat; they never reach the gateway. */
const leaving = new Set(['/exit', '/quit']);

/** Asks, sends, shows, until the input ends, `/exit`, or Ctrl-C twice. */
export async function talk(parts: TalkParts): Promise<void> {
  const { lines } = parts;
  const composer = createComposer();
  let conversation = parts.conversation;
  let interrupts = 0;
  for (;;) {
    const input = await lines.ask(composer.isOpen() ? '… ' : '› ');
    if (input.type === 'interrupt') {
      interrupts += 1;
      if (interrupts > 1) return;
      composer.clear();
      parts.deps.stdout.write('\n');
      parts.print.line(parts.print.paint('dim', 'Ctrl-C once more leaves; /help tells what I can do.'));
      continue;
    }
    interrupts = 0;
    if (input.type === 'end' && parts.deps.terminal.output) parts.print.line(''); // below the prompt
    const text = input.type === 'end' ? composer.end() : composer.push(input.text);
    if (text !== null && leaving.has(text.trim())) return;
    if (text !== null && text.trim() !== '') {
      const outcome = await sayAndShow(parts, { conversation, text });
      if (outcome === 'left') return;
      conversation = outcome?.conversation ?? conversation;
    }
    if (input.type === 'end') return;
    if (parts.deps.terminal.output && text !== null) parts.print.line('');
  }
}

/** One message to its end, approvals included. Null: the gateway refused it. `left`: Ctrl-C twice while it ran. */
async function sayAndShow(
  parts: TalkParts,
  message: { readonly conversation: string | null; readonly text: string },
): Promise<Outcome | 'left' | null> {
  try {
    let outcome = await interruptible(parts, message.conversation, () => parts.exchange.say(message));
    while (outcome !== 'left' && outcome.status === 'parked') {
      const decided = await decideNext(parts, outcome);
      if (decided === null) return outcome;
      outcome = decided;
    }
    return outcome;
  } catch (error) {
    if (!(error instanceof TiroError) || error.code === 'unavailable') throw error;
    parts.print.line(parts.print.paint('bad', oneLine(error.message)));
    return null;
  }
}

/** Ctrl-C once stops what runs, twice leaves at once. */
async function interruptible(
  parts: TalkParts,
  conversation: string | null,
  work: () => Promise<Outcome>,
): Promise<Outcome | 'left'> {
  const left = Promise.withResolvers<'left'>();
  let count = 0;
  parts.lines.onInterrupt(() => {
    count += 1;
    if (count > 1) return left.resolve('left');
    parts.screen.note(parts.print.paint('dim', 'Stopping… (Ctrl-C once more leaves)'));
    parts.exchange.call({ conversation, text: '/stop' }).catch(left.reject);
  });
  try {
    return await Promise.race([work(), left.promise]);
  } finally {
    parts.lines.onInterrupt(() => undefined);
  }
}

/** Asks about the first call that waits; null: the answer is left for later. */
async function decideNext(parts: TalkParts, outcome: Outcome): Promise<Outcome | 'left' | null> {
  const { deps, print, lines, exchange } = parts;
  const approval = (await pendingOf(exchange.control, outcome.conversation))[0];
  if (approval === undefined) return null;
  showApproval(parts, approval);
  // Where lines are piped in, the next one is a message and no answer to this.
  const input = deps.terminal.input
    ? await lines.ask('Let it run? y(es), n(o), Enter for later: ', { fresh: true })
    : ({ type: 'end' } as const);
  const answer = input.type === 'line' ? input.text.trim().toLowerCase() : '';
  const [word = '', ...why] = answer.split(/\s+/);
  const decision = /^y(es)?$/.test(word) ? 'once' : /^no?$/.test(word) ? 'deny' : null;
  if (decision === null) {
    print.line(`Later then: /approve ${approval.id} or /deny ${approval.id}`);
    return null;
  }
  const reason = decision === 'deny' && why.length > 0 ? why.join(' ') : null;
  const { conversation, id } = approval;
  return interruptible(parts, conversation, () =>
    exchange.afterDecision({ conversation, id }, async () => {
      await exchange.control.run('approvals.decide', { id, decision, reason });
    }),
  );
}

function showApproval({ print }: TalkParts, { id, plan, why }: Approval): void {
  print.line(`${print.paint('warn', `Approval ${id}`)}: ${oneLine(why)}`);
  print.line(`  ${print.paint('strong', oneLine(plan.tool))} ${cleanText(plan.arguments)}`);
}

/** Shows what happens in the conversation: the awaited answer as it streams, anything else above the prompt. */
export function showEvent(
  parts: Pick<TalkParts, 'deps' | 'print' | 'screen' | 'lines'>,
): (event: FeedEvent, isOther: boolean) => void {
  const { deps, print, screen, lines } = parts;
  let isLost = false;
  return (event, isOther) => {
    if (event.type === 'open' || event.type === 'lost') return showLine(event);
    if (isOther) return showOther(event);
    if (event.type === 'delta') return screen.delta(event.text);
    if (event.type === 'restart') return screen.restart();
    if (event.type === 'waiting') return screen.note(print.paint('dim', `(${oneLine(event.reason)})`));
    const { body } = event;
    if (body.kind === 'reply') screen.commit(body.text);
    if (body.kind === 'intent') screen.note(print.paint('dim', `· ${oneLine(body.tool)}`));
    if (body.kind === 'notice') screen.note(renderMarkdown(deps, cleanText(body.text)));
    if (body.kind === 'end' && body.status !== 'done' && body.reason !== null) {
      screen.note(print.paint('dim', `(${body.status}: ${oneLine(body.reason)})`));
    }
  };

  /** A line that stays cut is tried every second, and told of once. */
  function showLine(event: Extract<FeedEvent, { type: 'open' | 'lost' }>): void {
    const wasLost = isLost;
    isLost = event.type === 'lost';
    if (event.type === 'open') return screen.restart();
    const reason = oneLine(event.reason).replace(/\.$/, '');
    if (!wasLost) screen.note(print.paint('dim', `(${reason}; connecting again)`));
  }

  function showOther(event: FeedEvent): void {
    if (event.type !== 'step') return;
    const { body } = event;
    if (body.kind === 'input')
      lines.above(() => print.line(print.paint('dim', `${oneLine(body.name)}: ${oneLine(body.text)}`)));
    if (body.kind === 'reply' || body.kind === 'said' || body.kind === 'notice') {
      if (body.text !== '') lines.above(() => print.line(renderMarkdown(deps, cleanText(body.text))));
    }
  }
}
