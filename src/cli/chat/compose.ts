/** Lines into messages: a line, several ended by a trailing backslash, or a block between lines of `"""`. */
export interface Composer {
  /** Null: more lines are wanted. A message may be empty. */
  push(line: string): string | null;
  /** Something is begun and not ended. */
  isOpen(): boolean;
  /** What was begun, at the end of the input; null where nothing was. */
  end(): string | null;
  /** Forgets what was begun. */
  clear(): void;
}

const fence = '"""';

export function createComposer(): Composer {
  let lines: string[] = [];
  let isBlock = false;
  return {
    push,
    isOpen: () => isBlock || lines.length > 0,
    end: () => (isBlock || lines.length > 0 ? take() : null),
    clear: () => void take(),
  };

  function push(line: string): string | null {
    if (isBlock) return pushInBlock(line);
    if (lines.length === 0 && line.trimStart().startsWith(fence)) return openBlock(line.trimStart());
    if (line.endsWith('\\')) {
      lines.push(line.slice(0, -1));
      return null;
    }
    lines.push(line);
    return take();
  }

  function openBlock(line: string): string | null {
    const first = line.slice(fence.length);
    if (first.trimEnd().endsWith(fence)) return first.trimEnd().slice(0, -fence.length);
    isBlock = true;
    if (first.trim() !== '') lines.push(first);
    return null;
  }

  function pushInBlock(line: string): string | null {
    if (!line.trimEnd().endsWith(fence)) {
      lines.push(line);
      return null;
    }
    const last = line.trimEnd().slice(0, -fence.length);
    if (last !== '') lines.push(last);
    return take();
  }

  function take(): string {
    const text = lines.join('\n');
    lines = [];
    isBlock = false;
    return text;
  }
}
