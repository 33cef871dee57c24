import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeTelegram } from '#test/fakes/telegram/index.ts';
import { talker } from './people.ts';

/** One thing that was said and its answer, in epoch ms. */
export interface Exchange {
  readonly updateId: number;
  readonly saidAt: number;
  /** Null: not answered (yet). */
  answeredAt: number | null;
}

export interface Talk {
  /** In the order in which they were said. */
  readonly exchanges: readonly Exchange[];
  /** Nobody says anything more; resolves when all are answered, or `limitMs` later. */
  stop(limitMs: number): Promise<void>;
}

interface Waiting {
  readonly exchange: Exchange;
  readonly answered: () => void;
}

export interface TalkOptions {
  readonly chats: number;
  /** Between an answer and what is said next. */
  readonly thinkMs: number;
  /** In every text, so that an answer is known by what it repeats. */
  readonly label: string;
}

const lookEveryMs = 1;
/** A word that is in both what is said and the echo of it. */
const markOf = /\[([\w-]+)\]/g;

/** Everybody says the next thing once the last one is answered. */
export function startTalk(telegram: FakeTelegram, options: TalkOptions): Talk {
  const exchanges: Exchange[] = [];
  const waiting = new Map<string, Waiting>();
  let seen = telegram.calls.length;
  const over = new AbortController();
  const people = Array.from({ length: options.chats }, (_, index) => talk(index));
  const watching = watch();
  return { exchanges, stop };

  async function talk(index: number): Promise<void> {
    // Not all in the same moment.
    await sleep((options.thinkMs * index) / options.chats);
    for (let n = 1; !over.signal.aborted; n += 1) {
      await say(`${options.label}-c${index}-n${n}`, index);
      await sleep(options.thinkMs);
    }
  }

  async function say(mark: string, index: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const saidAt = Date.now();
    const text = `[${mark}] Good morning, please tell me what is new since I asked you last time.`;
    const { update_id: updateId } = telegram.userText(text, talker(index));
    const exchange: Exchange = { updateId, saidAt, answeredAt: null };
    exchanges.push(exchange);
    waiting.set(mark, { exchange, answered: resolve });
    await promise;
  }

  async function watch(): Promise<void> {
    while (!over.signal.aborted || waiting.size > 0) {
      for (; seen < telegram.calls.length; seen += 1) look(seen);
      await sleep(lookEveryMs);
    }
  }

  function look(index: number): void {
    const call = telegram.calls[index];
    const text = call?.params['text'];
    if (call === undefined || typeof text !== 'string') return;
    for (const [, mark = ''] of text.matchAll(markOf)) {
      const known = waiting.get(mark);
      if (known === undefined) continue;
      waiting.delete(mark);
      known.exchange.answeredAt = call.at;
      known.answered();
    }
  }

  async function stop(limitMs: number): Promise<void> {
    over.abort();
    const late = new AbortController();
    const limit = sleep(limitMs, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([Promise.all([watching, ...people]), limit]);
    late.abort();
    for (const { answered } of waiting.values()) answered();
    waiting.clear();
  }
}
