/** One server-sent event as the HTML standard defines it. */
export interface SseEvent {
  /** The last id the stream gave, on this event or before; '' before the first. */
  readonly id: string;
  /** `message` where the stream names none. */
  readonly event: string;
  /** Null: the block had an id and nothing else, to say where to resume. */
  readonly data: string | null;
}

export interface SseParser {
  /** Takes the next piece of the stream, cut anywhere; returns the events it completes. */
  push(text: string): readonly SseEvent[];
}

export function createSseParser(): SseParser {
  let rest = '';
  let skipLineFeed = false;
  let lastId = '';
  let block = emptyBlock();

  return {
    push(text) {
      // A CR that ended the last piece may be followed by its LF in this one.
      const fresh = skipLineFeed && text.startsWith('\n') ? text.slice(1) : text;
      if (text !== '') skipLineFeed = text.endsWith('\r');
      const lines = (rest + fresh).split(/\r\n|\r|\n/);
      rest = lines.pop() ?? '';
      return lines.flatMap(takeLine);
    },
  };

  function takeLine(line: string): readonly SseEvent[] {
    if (line === '') return endBlock();
    const colon = line.indexOf(':');
    if (colon === 0) return []; // a comment, sent to keep the connection open
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') block.data.push(value);
    if (field === 'event') block.event = value;
    if (field === 'id' && !value.includes('\0')) {
      lastId = value;
      block.hasId = true;
    }
    return [];
  }

  function endBlock(): readonly SseEvent[] {
    const { data, event, hasId } = block;
    block = emptyBlock();
    if (data.length > 0) return [{ id: lastId, event: event || 'message', data: data.join('\n') }];
    return hasId ? [{ id: lastId, event: 'message', data: null }] : [];
  }
}

function emptyBlock(): { data: string[]; event: string; hasId: boolean } {
  return { data: [], event: '', hasId: false };
}
