import type * as PromClient from 'prom-client';
import type { Counter, Gauge, Registry } from 'prom-client';
import type { ChannelReport, StatusReport } from '#control/surface.ts';
import { type WebDeps, type WebOptions, actorOf } from '../deps.ts';

export interface Metrics {
  scrape(): Promise<{ readonly text: string; readonly contentType: string }>;
}

type Client = typeof PromClient;

/**
 * The control surface's status as gauges, and the process's own figures. The library is loaded by the first scrape:
 * who never scrapes does not pay for it.
 */
export function createMetrics(deps: Pick<WebDeps, 'control' | 'clock'>, options: WebOptions): Metrics {
  let loading: ReturnType<typeof load> | null = null;
  return { scrape };

  async function scrape(): Promise<{ text: string; contentType: string }> {
    loading ??= load();
    const { registry, show } = await loading;
    show(await deps.control.run('status', {}, actorOf(options, 'api')), deps.clock.now());
    return { text: await registry.metrics(), contentType: registry.contentType };
  }
}

type Show = (status: StatusReport, now: number) => void;

async function load(): Promise<{ readonly registry: Registry; readonly show: Show }> {
  const client = await import('prom-client');
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  const [showStatus, showChannels] = [createGauges(client, registry), createChannelGauges(client, registry)];
  return {
    registry,
    show: (status, now) => {
      showStatus(status);
      showChannels(status.channels, now);
    },
  };
}

type MakeGauge = <L extends string>(name: string, help: string, ...labelNames: L[]) => Gauge<L>;

function gaugeOf(client: Client, registry: Registry): MakeGauge {
  return (name, help, ...labelNames) =>
    new client.Gauge({ name: `tiro_${name}`, help, labelNames, registers: [registry] });
}

function createChannelGauges(
  client: Client,
  registry: Registry,
): (channels: readonly ChannelReport[], now: number) => void {
  const gauge = gaugeOf(client, registry);
  const up = gauge('channel_up', '1 when the channel is connected.', 'channel');
  const age = gauge(
    'channel_last_event_age_seconds',
    'Since the last event of the channel; absent where none came since the start.',
    'channel',
  );
  const changes: Counter<'channel'> = new client.Counter({
    name: 'tiro_channel_changes_total',
    help: 'How often the channel went up or down since the start.',
    labelNames: ['channel'],
    registers: [registry],
  });
  return (channels, now) => {
    for (const metric of [up, age, changes]) metric.reset();
    for (const { name: channel, state, lastEventAt, changes: count } of channels) {
      up.set({ channel }, state === 'up' ? 1 : 0);
      changes.inc({ channel }, count);
      if (lastEventAt !== null) age.set({ channel }, Math.max(0, now - lastEventAt) / 1000);
    }
  };
}

function createGauges(client: Client, registry: Registry): (status: StatusReport) => void {
  const gauge = gaugeOf(client, registry);

  const info = gauge('info', 'Version and default model of the gateway; always 1.', 'version', 'model');
  const ready = gauge('ready', '1 when the store is open and every configured channel is connected.');
  const startedAt = gauge('started_timestamp_seconds', 'When the gateway started.');
  const events = gauge('events', 'Events by status.', 'status');
  const turns = gauge('turns', 'Turns by status.', 'status');
  const outbox = gauge('outbox', 'Deliveries by status.', 'status');
  const approvals = gauge('approvals_pending', 'Approvals that wait for a person.');
  const spent = gauge('spent_today_usd', 'Spent today over all people, in US dollars.');
  const delay = gauge('event_loop_p99_seconds', 'Event loop delay, 99th percentile.');

  return (status) => {
    info.reset();
    info.set({ version: status.version, model: status.model }, 1);
    ready.set(status.ready ? 1 : 0);
    startedAt.set(status.startedAt / 1000);
    setByStatus(events, status.events);
    setByStatus(turns, status.turns);
    setByStatus(outbox, status.outbox);
    approvals.set(status.pendingApprovals);
    spent.set(status.spentTodayUsd);
    delay.set(status.eventLoopP99Ms / 1000);
  };
}

function setByStatus(gauge: Gauge<'status'>, counts: Readonly<Record<string, number>>): void {
  for (const [status, count] of Object.entries(counts)) gauge.set({ status }, count);
}
