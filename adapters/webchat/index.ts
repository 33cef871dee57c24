import type { Abilities, SendResult } from '#core/delivery.ts';
import type { AdapterPort, SinkPort } from '#core/ports/adapter.ts';

/** The channels that are our own doors. Their readers fetch the rows; nothing is ever sent to them. */
export type PullChannel = 'web' | 'cli' | 'api';

/** Far above anything a model writes: a pulled text is not cut into messages. */
const maxText = 1_000_000;

const dialectsByChannel: Readonly<Record<PullChannel, Abilities['dialects']>> = {
  web: ['html', 'plain'],
  cli: ['terminal', 'plain'],
  api: ['plain'],
};

/** What goes in comes through the DoorPort (page, terminal, API), what goes out is read from steps: this is the sign at the door. */
export function createPullAdapter(name: PullChannel): AdapterPort {
  return {
    name,
    abilities: {
      dialects: dialectsByChannel[name],
      maxText,
      countedAs: 'utf16',
      delivery: 'pull',
      edits: false,
      drafts: false,
      typing: false,
      buttons: false,
      threads: false,
      reactions: false,
      files: null,
      sendSemantics: 'idempotent',
      editEveryMs: 0,
      sendEveryMs: 0,
      // A terminal or a program waits for the answer to each of its messages.
      coalesce: name === 'web',
    },
    start,
    send: () => Promise.resolve(notSent),
    check: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}

const notSent: SendResult = {
  ok: false,
  error: { type: 'permanent', reason: 'pull channels are read, not sent to' },
};

async function start(sink: SinkPort, signal: AbortSignal): Promise<void> {
  sink.state('up', 'served by this gateway');
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
}
