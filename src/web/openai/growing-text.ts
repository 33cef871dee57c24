import type { Answer } from './answer.ts';
import type { Progress } from './watch.ts';

/**
 * Turns what happens into text that only ever grows.
 *
 * Deltas go out as they come. When the model call is made again, what was sent cannot be taken back: from there on
 * nothing goes out until the reply is committed. A reply that begins with what was sent is continued; another one
 * follows as a new paragraph, whole. What the model says between tool calls stays, as paragraphs before the answer.
 */
export interface GrowingText {
  readonly hear: (progress: Progress) => void;
  readonly finish: (answer: Extract<Answer, { type: 'answer' }>) => void;
}

export function createGrowingText(emit: (text: string) => void): GrowingText {
  const state = { total: '', current: '', held: false, replies: 0 };
  return { hear, finish };

  function hear(progress: Progress): void {
    switch (progress.type) {
      case 'delta':
        if (!state.held) write(progress.text);
        return;
      case 'restart':
        state.held = state.current !== '';
        return;
      case 'waiting':
        return;
      case 'reply':
        complete(progress.text);
        state.replies += 1;
        state.current = '';
        state.held = false;
    }
  }

  function finish(answer: Extract<Answer, { type: 'answer' }>): void {
    // Without a committed reply here, the answer is all there is: a repeat, a command, a failure.
    if (state.replies === 0) complete(answer.text);
    else if (answer.ownWords !== null) complete(answer.ownWords);
  }

  function complete(text: string): void {
    if (text.startsWith(state.current)) {
      write(text.slice(state.current.length));
    } else {
      state.current = '';
      write(text);
    }
  }

  function write(text: string): void {
    if (text === '') return;
    const gap = state.current === '' && state.total !== '' ? '\n\n' : '';
    state.current += text;
    state.total += text;
    emit(gap + text);
  }
}
