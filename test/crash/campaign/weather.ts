import { setTimeout as sleep } from 'node:timers/promises';
import { type ChaosProxy, startProxy } from '#test/fakes/proxy/index.ts';
import type { Dice } from './dice.ts';

/** The networks between the gateway and the platforms. */
export interface Weather {
  /** A proxy in front of a port of the channel: its address. */
  front(url: string, channel: string): Promise<string>;
  /** From now on, every few seconds, one channel is cut off for a while. Without proxies nothing happens. */
  start(): void;
  /** It breaks no more, and what is broken is mended. */
  clear(): Promise<void>;
  outages(): number;
  close(): Promise<void>;
}

const kinds = ['reset', 'black-hole', 'refused', 'slow'] as const;
const [calmMs, shortestMs, longestMs] = [4_000, 500, 6_000];
const slowMs = 150;

export function createWeather(dice: Dice): Weather {
  const byChannel = new Map<string, ChaosProxy[]>();
  const over = new AbortController();
  let blowing: Promise<void> = Promise.resolve();
  let outages = 0;
  const clear = async (): Promise<void> => {
    over.abort();
    await blowing;
  };
  return {
    front: async (url, channel) => {
      const proxy = await startProxy(url);
      byChannel.set(channel, [...(byChannel.get(channel) ?? []), proxy]);
      return proxy.url;
    },
    start: () => {
      if (byChannel.size > 0) blowing = blow();
    },
    clear,
    outages: () => outages,
    close: async () => {
      await clear();
      await Promise.all([...byChannel.values()].flat().map((proxy) => proxy.close()));
    },
  };

  async function blow(): Promise<void> {
    const all = [...byChannel.values()];
    while (!over.signal.aborted) {
      await pause(dice.between(0, 2 * calmMs));
      const proxies = all[dice.between(0, all.length - 1)] ?? [];
      if (over.signal.aborted) return;
      outages += 1;
      await Promise.all(proxies.map((proxy) => breakOff(proxy, kinds[outages % kinds.length] ?? 'reset')));
      await pause(dice.between(shortestMs, longestMs));
      await Promise.all(proxies.map(mend));
    }
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: over.signal }).catch(() => undefined); // cleared
  }
}

async function breakOff(proxy: ChaosProxy, kind: (typeof kinds)[number]): Promise<void> {
  switch (kind) {
    case 'reset':
      proxy.set({ connect: 'reset' });
      return proxy.cut('reset');
    case 'black-hole':
      proxy.set({ connect: 'black-hole' });
      return proxy.freeze();
    case 'refused':
      await proxy.refuse();
      return proxy.cut();
    case 'slow':
      return proxy.set({ latencyMs: slowMs });
  }
}

/** A peer that comes back does not know what it swallowed: the kernel of its machine resets such connections. */
async function mend(proxy: ChaosProxy): Promise<void> {
  await proxy.heal();
  proxy.cut('reset');
}
