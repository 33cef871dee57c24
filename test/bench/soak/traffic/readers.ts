import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from '#test/crash/campaign/dice.ts';
import type { Ledger } from './ledger.ts';

export interface ReaderDeps {
  readonly url: string;
  readonly token: string;
  readonly ledger: Ledger;
  readonly dice: Dice;
  /** A page stays open so long, on average, before somebody reloads it. */
  readonly stayMs: number;
}

const readers = 4;
const pollEveryMs = 5_000;
const polled = ['/api/status', '/readyz', '/healthz', '/api/conversations', '/api/approvals'] as const;

/** Pages that follow what happens, leave and come back; and programs that look at the status. Until the signal aborts. */
export async function runReaders(deps: ReaderDeps, signal: AbortSignal): Promise<void> {
  const all = Array.from({ length: readers }, () => keepReading(deps, signal));
  await Promise.all([...all, keepPolling(deps, signal)]);
}

async function keepReading(deps: ReaderDeps, signal: AbortSignal): Promise<void> {
  const bookmark = { last: '' };
  while (!signal.aborted) {
    const left = new AbortController();
    const leave = (): void => left.abort();
    const timer = setTimeout(leave, deps.stayMs * (0.5 + deps.dice.next()));
    signal.addEventListener('abort', leave, { once: true });
    try {
      await readOnce(deps, bookmark, left.signal);
    } catch {
      // It left, or the gateway cut it off: it comes back with the number it had.
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
    }
    await pause(100, signal);
  }
}

async function readOnce(
  { url, token, ledger }: ReaderDeps,
  bookmark: { last: string },
  signal: AbortSignal,
): Promise<void> {
  const resume = bookmark.last === '' ? {} : { 'last-event-id': bookmark.last };
  const headers = { authorization: `Bearer ${token}`, ...resume };
  const response = await fetch(`${url}/api/events`, { headers, signal });
  let rest = '';
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = (rest + piece).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      if (event.includes('event: reply\n')) ledger.seen(event, 'events');
      bookmark.last = /^id: (\d+)$/m.exec(event)?.[1] ?? bookmark.last;
    }
  }
}

async function keepPolling({ url, token }: ReaderDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const path of polled) {
      const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
      await response.arrayBuffer();
    }
    await pause(pollEveryMs, signal);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, null, { signal }).catch(() => null);
}
