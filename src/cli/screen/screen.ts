import type { CliDeps } from '../deps.ts';
import { cleanText } from '../output/text.ts';
import { stableEnd } from './blocks.ts';
import { createLiveArea } from './live-area.ts';

/**
 * A streaming answer on a terminal: whole blocks are rendered for good as they end, the block that is still being
 * written is shown as it comes and drawn anew. Where nobody looks, only the committed answer is written.
 */
export interface Screen {
  delta(text: string): void;
  /** What was shown of the answer is void. */
  restart(): void;
  /** The answer is committed: shows what of it is not shown yet. */
  commit(markdown: string): void;
  /** A line of our own, between what is shown for good and what is being written. */
  note(text: string): void;
}

type ScreenDeps = Pick<CliDeps, 'stdout' | 'terminal' | 'renderTerminal'>;

export function createScreen(deps: ScreenDeps): Screen {
  const { stdout, terminal } = deps;
  const live = createLiveArea(deps);
  let source = '';
  /** So much of `source` is rendered for good. */
  let printed = 0;

  return { delta, restart, commit, note };

  function delta(text: string): void {
    source += text;
    if (!terminal.output) return;
    live.clear();
    printUpTo(stableEnd(source));
    live.draw(cleanText(source.slice(printed)));
  }

  function restart(): void {
    live.clear();
    if (terminal.output && printed > 0) stdout.write('(once more:)\n');
    source = '';
    printed = 0;
  }

  function commit(markdown: string): void {
    live.clear();
    if (!markdown.startsWith(source.slice(0, printed))) {
      stdout.write('(the answer was changed; it is:)\n');
      printed = 0;
    }
    source = markdown;
    printUpTo(source.length);
    source = '';
    printed = 0;
  }

  function note(text: string): void {
    live.clear();
    stdout.write(`${text}\n`);
    live.draw(cleanText(source.slice(printed)));
  }

  function printUpTo(end: number): void {
    if (end <= printed) return;
    const markdown = cleanText(source.slice(printed, end));
    printed = end;
    if (markdown.trim() !== '')
      stdout.write(`${renderMarkdown(deps, markdown)}\n${end < source.length ? '\n' : ''}`);
  }
}

/** Markdown for standard output: rendered where the terminal has colours, else as it is. Callers clean it. */
export function renderMarkdown({ terminal, renderTerminal }: ScreenDeps, markdown: string): string {
  return (terminal.output && terminal.color ? renderTerminal(markdown) : markdown).trimEnd();
}
