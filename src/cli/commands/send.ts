import { text as readText } from 'node:stream/consumers';
import type { Command } from 'commander';
import { TiroError } from '#core/errors.ts';
import { answerOf, exitCodeOf } from '../exchange/answer.ts';
import { createExchange } from '../exchange/exchange.ts';
import { renderMarkdown } from '../screen/screen.ts';
import { addCommand, type Bind, type CommandContext } from '../command.ts';
import { findGateway, httpClient } from '../gateway/control-client.ts';
import { postMessage } from '../gateway/messages.ts';
import { cleanText } from '../output/text.ts';

interface SendOptions {
  readonly conversation?: string;
  readonly wait?: boolean;
}

/** `tiro send TEXT [--conversation ID] [--wait]` */
export function register(program: Command, bind: Bind): void {
  addCommand(program, {
    name: 'send',
    summary: 'hand in one message; needs a running gateway',
    examples: [
      ['send "remind me of the bread"', 'hand it in and go on'],
      ['send --wait "what is new?"', 'print the answer'],
      ['send --wait - < letter.txt', 'the message from standard input'],
    ],
  })
    .argument('<text...>', 'the message; - reads standard input')
    .option('--conversation <id>', 'go on with this conversation')
    .option(
      '--wait',
      'wait for the answer and print it (exit code 0: answered, 69: not, 77: waits for a yes)',
    )
    .action(bind(send));
}

async function send(context: CommandContext, args: readonly string[], options: SendOptions): Promise<number> {
  const { deps, home, print, json } = context;
  const text = args.join(' ') === '-' ? (await readText(deps.stdin)).trimEnd() : args.join(' ');
  if (text.trim() === '') throw new TiroError('bad-input', 'The message is empty: say something.');
  const gateway = await findGateway(deps, home);
  if (gateway === null) {
    throw new TiroError('unavailable', 'No gateway runs for this home. Start one with: tiro start');
  }
  const conversation = options.conversation ?? null;
  if (options.wait !== true) {
    const posted = await postMessage(deps, gateway, { conversation, text });
    if (json) print.json(posted);
    else
      print.fields([
        ['conversation', posted.conversation],
        ['event', posted.event],
      ]);
    return 0;
  }
  const exchange = createExchange(deps, { gateway, control: httpClient(deps, gateway) });
  try {
    const answer = await answerOf(exchange, { conversation, text });
    if (json) print.json(answer);
    else {
      print.line(renderMarkdown(deps, cleanText(answer.text)));
      if (answer.reason !== null) print.aside(cleanText(answer.reason));
    }
    return exitCodeOf(answer.status);
  } finally {
    await exchange.close();
  }
}
