import type { AdapterPort, SinkPort } from '#core/ports/adapter.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { EventsPort } from '#core/store/events.ts';
import type { Inbox } from './inbox.ts';

export interface ChannelState {
  readonly name: string;
  readonly state: 'up' | 'down';
  readonly why: string;
  readonly since: number;
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
  const states = new Map<string, ChannelState>(
    deps.adapters.map(({ name }) => [
      name,
      { name, state: 'down', why: 'starting', since: deps.clock.now(), lastEventAt: null },
    ]),
  );
  return {
    report: () => [...states.values()],
    notReady: () =>
      [...states.values()].flatMap(({ name, state, why }) => (state === 'up' ? [] : [`${name}: ${why}`])),
    start: async (signal) => {
      await Promise.all(deps.adapters.map((adapter) => keepRunning(deps, { adapter, states, signal })));
    },
  };
}

interface Run {
  readonly adapter: AdapterPort;
  readonly states: Map<string, ChannelState>;
  readonly signal: AbortSignal;
}

async function keepRunning(deps: ChannelsDeps, run: Run): Promise<void> {
  const { adapter, signal } = run;
  const sink = createSink(deps, run);
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

function createSink(deps: ChannelsDeps, { adapter, states }: Run): SinkPort {
  const { name } = adapter;
  return {
    async accept(events, cursor) {
      await deps.inbox.accept(name, events, cursor ?? null);
      if (events.length > 0) patch({ lastEventAt: deps.clock.now() });
    },
    cursor: () => deps.events.cursor(name),
    state(state, why) {
      const before = states.get(name);
      if (before?.state === state && before.why === why) return;
      deps.log[state === 'up' ? 'info' : 'warn']('channel.state', { channel: name, state, why });
      patch({ state, why, ...(before?.state === state ? {} : { since: deps.clock.now() }) });
    },
  };

  function patch(change: Partial<ChannelState>): void {
    const before = states.get(name);
    if (before !== undefined) states.set(name, { ...before, ...change });
  }
}
