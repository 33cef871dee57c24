import type { Command } from 'commander';
import { answerOf } from '../exchange/answer.ts';
import { createComposer } from '../chat/compose.ts';
import { createExchange } from '../exchange/exchange.ts';
import { findPast, printPast, typedBefore } from '../chat/history.ts';
import { createLines } from '../chat/lines.ts';
import { createScreen, renderMarkdown } from '../screen/screen.ts';
import { showEvent, talk } from '../chat/talk.ts';
import { addCommand, type Bind, type CommandContext, exitCodes } from '../command.ts';
import { findGateway, httpClient } from '../gateway/control-client.ts';
import type { Gateway } from '../gateway/http.ts';

interface ChatOptions {
  readonly conversation?: string;
}

/** `tiro chat`: talks to the running gateway, or to one of its own for as long as it lasts. */
export function register(program: Command, bind: Bind): void {
  addCommand(program, {
    name: 'chat',
    summary: 'talk in this terminal',
    examples: [
      ['chat', 'go on where you left; /help tells the commands, /exit or Ctrl-D leaves'],
      ['chat --conversation cnv_01J…', 'go on with this conversation'],
      ['chat --json < questions.txt', 'a message a line, an answer as one line of JSON each'],
    ],
  })
    .option('--conversation <id>', 'go on with this conversation')
    .addHelpText(
      'after',
      '\nA line that ends in \\ goes on with the next; lines between """ and """ are one message.',
    )
    .action(bind(chat));
}

async function chat(
  context: CommandContext,
  _args: readonly string[],
  options: ChatOptions,
): Promise<number> {
  const { deps, home } = context;
  const found = await findGateway(deps, home);
  if (found !== null) return chatWith(context, found, options);
  const started = await deps.startGateway({
    home: home.path,
    host: '127.0.0.1',
    port: 0,
    takeover: false,
    quiet: true,
  });
  try {
    return await chatWith(context, { url: started.url, token: await home.token() }, options);
  } finally {
    await started.stop();
  }
}

async function chatWith(context: CommandContext, gateway: Gateway, options: ChatOptions): Promise<number> {
  const conversation = options.conversation ?? null;
  return context.json
    ? chatInJson(context, gateway, conversation)
    : chatInWords(context, gateway, conversation);
}

/** One line of JSON per message, in order. */
async function chatInJson(
  { deps }: CommandContext,
  gateway: Gateway,
  conversation: string | null,
): Promise<number> {
  const exchange = createExchange(deps, { gateway, control: httpClient(deps, gateway) });
  const lines = createLines({ ...deps, terminal: { ...deps.terminal, input: false } });
  const composer = createComposer();
  let current = conversation;
  try {
    for (;;) {
      const input = await lines.ask('');
      const text = input.type === 'line' ? composer.push(input.text) : composer.end();
      if (text !== null && text.trim() !== '') {
        const answer = await answerOf(exchange, { conversation: current, text });
        current = answer.conversation;
        deps.stdout.write(`${JSON.stringify(answer)}\n`);
      }
      if (input.type !== 'line') return exitCodes.done;
    }
  } finally {
    lines.close();
    await exchange.close();
  }
}

async function chatInWords(
  context: CommandContext,
  gateway: Gateway,
  conversation: string | null,
): Promise<number> {
  const { deps, print } = context;
  const control = httpClient(deps, gateway);
  const past = await findPast(control, conversation);
  const status = await control.run('status', {});
  if (deps.terminal.output) {
    if (past !== null) printPast(print, past, (markdown) => renderMarkdown(deps, markdown));
    const model = status.demo ? `${status.model}: the demo, no AI; tiro init sets one up` : status.model;
    print.line(print.paint('dim', `Tiro ${deps.version} · ${model} · /help · Ctrl-D leaves`));
  }
  const lines = createLines(deps, typedBefore(past));
  const screen = createScreen(deps);
  const show = showEvent({ deps, print, screen, lines });
  const exchange = createExchange(deps, { gateway, control, show });
  const off = deps.onSignal('SIGTERM', () => {
    lines.close();
    void exchange.close();
  });
  try {
    if (past !== null) exchange.watch(past.conversation);
    await talk({ deps, print, screen, lines, exchange, conversation: past?.conversation ?? conversation });
    return exitCodes.done;
  } finally {
    off();
    lines.close();
    await exchange.close();
  }
}
