import type { AdapterPort } from '#core/ports/adapter.ts';
import { createLoopDelay } from '#lib/loop-delay.ts';
import type { ControlDeps } from '../deps.ts';
import type { StatusReport } from '../surface.ts';

export interface FactsDeps {
  readonly version: string;
  readonly home: string;
  readonly demo: () => boolean;
  readonly model: { names(): readonly string[] };
  readonly adapters: readonly Pick<AdapterPort, 'name' | 'link'>[];
  readonly channels: { notReady(): readonly string[]; report(): StatusReport['channels'] };
}

/** What this process knows of itself and the rows do not. */
export function createFacts(deps: FactsDeps): Pick<ControlDeps, 'process' | 'channels' | 'models'> {
  const delay = createLoopDelay();
  const linkable = new Set(deps.adapters.flatMap(({ name, link }) => (link === undefined ? [] : [name])));
  return {
    models: () => deps.model.names(),
    channels: () =>
      deps.channels.report().map((report) => {
        return linkable.has(report.name) ? { ...report, linkable: true } : report;
      }),
    process: () => {
      const notReady = deps.channels.notReady();
      return {
        version: deps.version,
        home: deps.home,
        demo: deps.demo(),
        model: deps.model.names()[0] ?? 'none',
        ready: notReady.length === 0,
        notReady,
        rssBytes: process.memoryUsage.rss(),
        eventLoopP99Ms: delay.readP99Ms(),
      };
    },
  };
}
