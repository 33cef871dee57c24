import type { ChaosProxy } from './index.ts';

/** Several proxies that break and heal as one; `port` and `url` are those of the first. */
export function inFrontOfAll(proxies: readonly ChaosProxy[]): ChaosProxy {
  const [first] = proxies;
  if (first === undefined) throw new Error('There is no proxy.');
  const close = async (): Promise<void> => void (await Promise.all(proxies.map((proxy) => proxy.close())));
  return {
    port: first.port,
    url: first.url,
    set: (faults) => proxies.forEach((proxy) => proxy.set(faults)),
    heal: async () => void (await Promise.all(proxies.map((proxy) => proxy.heal()))),
    freeze: () => proxies.forEach((proxy) => proxy.freeze()),
    cut: (by) => proxies.forEach((proxy) => proxy.cut(by)),
    refuse: async () => void (await Promise.all(proxies.map((proxy) => proxy.refuse()))),
    counts: () => {
      const all = proxies.map((proxy) => proxy.counts());
      const sum = (key: 'opened' | 'live' | 'hits'): number => all.reduce((so, one) => so + one[key], 0);
      return { opened: sum('opened'), live: sum('live'), hits: sum('hits') };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
