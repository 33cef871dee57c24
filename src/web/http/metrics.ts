import type * as PromClient from 'prom-client';
import type { Gauge, Registry } from 'prom-client';
import type { StatusReport } from '#control/surface.ts';
import { type WebDeps, type WebOptions, actorOf } from '../deps.ts';

export interface Metrics {
  scrape(): Promise<{ readonly text: string; readonly contentType: string }>;
}

type Client = typeof PromClient;

/**
 * The control surface's status as gauges, and the process's own figures. The library is loaded by the first scrape:
 * who never scrapes does not pay for it.
 */
export function createMetrics(deps: Pick<WebDeps, 'control'>, options: WebOptions): Metrics {
  let loading: Promise<{ registry: Registry; show: (status: StatusReport) => void }> | null = null;
  return { scrape };

  async function scrape(): Promise<{ text: string; contentType: string }> {
    loading ??= load();
    const { registry, show } = await loading;
    show(await deps.control.run('status', {}, actorOf(options, 'api')));
    return { text: await registry.metrics(), contentType: registry.contentType };
  }
}

async function load(): Promise<{ registry: Registry; show: (status: StatusReport) => void }> {
  const client = await import('prom-client');
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  return { registry, show: createGauges(client, registry) };
}

function createGauges(client: Client, registry: Registry): (status: StatusReport) => void {
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new client.Gauge({ name: `tiro_${name}`, help, labelNames, registers: [registry] });

  const info = gauge('info', 'Version and default model of the gateway; always 1.', 'version', 'model');
  const ready = gauge('ready', '1 when the store is open and every configured channel is connected.');
  const startedAt = gauge('started_timestamp_seconds', 'When the gateway started.');
  const channelUp = gauge('channel_up', '1 when the channel is connected.', 'channel');
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
    channelUp.reset();
    for (const channel of status.channels) {
      channelUp.set({ channel: channel.name }, channel.state === 'up' ? 1 : 0);
    }
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
