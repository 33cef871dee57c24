import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import type { CliDeps } from '../deps.ts';

export type Input =
  | { readonly type: 'line'; readonly text: string }
  /** Ctrl-C. */
  | { readonly type: 'interrupt' }
  /** Ctrl-D, or the end of what was piped in. */
  | { readonly type: 'end' };

/** Lines that somebody types or pipes in. */
export interface Lines {
  /**
   * The next line. What was typed while nobody asked comes first; with `fresh` it does not count as an answer and is
   * kept for the next question.
   */
  ask(prompt: string, how?: { readonly fresh: boolean }): Promise<Input>;
  /** Ctrl-C while nobody asks. */
  onInterrupt(listener: () => void): void;
  /** Writes above the prompt and what is typed behind it. */
  above(write: () => void): void;
  close(): void;
}

type LinesDeps = Pick<CliDeps, 'stdin' | 'stdout' | 'terminal'>;

interface State {
  readonly waiting: Input[];
  isClosed: boolean;
  asked: ((input: Input) => void) | null;
  interrupted: () => void;
}

/** `history`: what the arrow keys bring back, latest first. */
export function createLines(deps: LinesDeps, history: readonly string[] = []): Lines {
  const isTerminal = deps.terminal.input && deps.terminal.output;
  const echo = createEcho(deps);
  const reader = createInterface({
    input: deps.stdin,
    ...(isTerminal ? { output: echo.stream } : {}),
    terminal: isTerminal,
    history: [...history],
    removeHistoryDuplicates: true,
  });
  const state = listen(reader, () => {
    echo.isOn = false;
  });
  return {
    ask,
    onInterrupt: (listener) => {
      state.interrupted = listener;
    },
    above: (write) => {
      if (state.asked === null || !isTerminal) return write();
      deps.stdout.write('\r\u001b[J');
      write();
      reader.prompt(true);
    },
    close: () => reader.close(),
  };

  function ask(prompt: string, how = { fresh: false }): Promise<Input> {
    const next = how.fresh ? undefined : state.waiting.shift();
    if (next !== undefined && next.type === 'line' && isTerminal)
      deps.stdout.write(`${prompt}${next.text}\n`);
    if (next !== undefined) return Promise.resolve(next);
    if (state.isClosed) return Promise.resolve({ type: 'end' });
    if (isTerminal) {
      if (how.fresh) reader.write(null, { ctrl: true, name: 'u' }); // what is typed already answers nothing
      echo.isOn = true;
      reader.setPrompt(prompt);
      reader.prompt(true);
    }
    return new Promise((resolve) => {
      state.asked = resolve;
    });
  }
}

function listen(reader: Interface, onGiven: () => void): State {
  const state: State = { waiting: [], isClosed: false, asked: null, interrupted: () => undefined };
  reader.on('line', (text) => give({ type: 'line', text }));
  reader.on('SIGINT', () => (state.asked === null ? state.interrupted() : give({ type: 'interrupt' })));
  reader.on('close', () => {
    state.isClosed = true;
    if (state.asked !== null) give({ type: 'end' });
  });
  return state;

  function give(input: Input): void {
    const answer = state.asked;
    state.asked = null;
    onGiven();
    if (answer === null) state.waiting.push(input);
    else answer(input);
  }
}

/** Standard output for readline, silent while an answer is being shown. */
function createEcho({ stdout, terminal }: LinesDeps): { readonly stream: Writable; isOn: boolean } {
  const stream = new Writable({
    write: (piece: Buffer, _encoding, done) => {
      if (echo.isOn) stdout.write(piece);
      done();
    },
  });
  Object.defineProperty(stream, 'columns', { get: () => terminal.columns() });
  const echo = { stream, isOn: false };
  return echo;
}
