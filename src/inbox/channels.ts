import type { AdapterPort, SinkPort } from '#core/ports/adapter.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { EventsPort } from '#core/store/events.ts';
import { type Connection, createConnection } from './connection.ts';
import type { Inbox } from './inbox.ts';

export interface ChannelState extends Connection {
  readonly name: string;
  readonly lastEventAt: number | null;
}

export interface ChannelsDeps {
  readonly adapters: readonly AdapterPort[];
  readonly inbox: Inbox;
  readonly events: Pick<EventsPort, 'cursor'>;
  readonly clock: ClockPort;
  readonly log: LogPort;
}

export interface Channels {
  /** Starts every adapter; each keeps connecting by itself. Resolves when all have ended after the abort. */
  start(signal: AbortSignal): Promise<void>;
  report(): readonly ChannelState[];
  /** In words, the channels that are down; empty when all are connected. */
  notReady(): readonly string[];
}

const restartMs = 5_000;

/** Runs the adapters and knows which of them are connected. An adapter that breaks its contract is started again. */
export function createChannels(deps: ChannelsDeps): Channels {
  const lines = deps.adapters.map((adapter): Line => {
    return { adapter, connection: createConnection(deps, adapter.name), lastEventAt: null };
  });
  const report = (): readonly ChannelState[] =>
    lines.map(({ adapter: { name }, connection, lastEventAt }) => {
      return { name, ...connection.read(), lastEventAt };
    });
  return {
    report,
    notReady: () => report().flatMap(({ name, state, why }) => (state === 'up' ? [] : [`${name}: ${why}`])),
    start: async (signal) => {
      await Promise.all(lines.map((line) => keepRunning(deps, line, signal)));
    },
  };
}

/** An adapter and what is known of it. */
interface Line {
  readonly adapter: AdapterPort;
  readonly connection: ReturnType<typeof createConnection>;
  lastEventAt: number | null;
}

async function keepRunning(deps: ChannelsDeps, line: Line, signal: AbortSignal): Promise<void> {
  const { adapter } = line;
  const sink = createSink(deps, line);
  while (!signal.aborted) {
    try {
      await adapter.start(sink, signal);
    } catch (error) {
      deps.log.error('channel.defect', { channel: adapter.name, error });
    }
    if (signal.aborted) break;
    sink.state('down', 'it stopped by itself and is started again');
    await deps.clock.sleep(restartMs, signal);
  }
  try {
    await adapter.close();
  } catch (error) {
    // The others still have to end well.
    deps.log.error('channel.close-failed', { channel: adapter.name, error });
  }
}

function createSink(deps: ChannelsDeps, line: Line): SinkPort {
  const { name } = line.adapter;
  return {
    async accept(events, cursor) {
      await deps.inbox.accept(name, events, cursor ?? null);
      if (events.length > 0) line.lastEventAt = deps.clock.now();
    },
    cursor: () => deps.events.cursor(name),
    state: (state, why) => line.connection.tell(state, why),
  };
}
