import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeTelegram } from '#test/fakes/telegram/index.ts';
import { until } from '#test/until.ts';
import type { Span } from './gauges.ts';
import { flood } from './people.ts';
import { type Exchange, startTalk } from './talk.ts';

export interface PhaseOptions {
  readonly events: number;
  readonly chats: number;
  readonly thinkMs: number;
  /** How long the chats talk alone, and how long beside the flood's turns once it is stored. */
  readonly seconds: number;
}

export interface Alone {
  readonly exchanges: readonly Exchange[];
  readonly span: Span;
}

export interface Burst extends Alone {
  /** When the last of the burst was confirmed. */
  readonly storedAt: number;
  readonly ids: readonly number[];
}

const answerLimitMs = 120_000;
const storeLimitMs = 600_000;
const warmMs = 3_000;

/** Everybody but the flooder. What is said first only warms up: nothing is compiled yet. */
export async function talkAlone(telegram: FakeTelegram, options: PhaseOptions): Promise<Alone> {
  const warm = startTalk(telegram, { ...options, label: 'warm' });
  await sleep(warmMs);
  await warm.stop(answerLimitMs);
  const fromAt = Date.now();
  const { exchanges, stop } = startTalk(telegram, { ...options, label: 'alone' });
  await sleep(options.seconds * 1000);
  const toAt = Date.now();
  await stop(answerLimitMs);
  return { exchanges, span: { fromAt, toAt } };
}

/** The same people, while one more throws everything at once. */
export async function talkBesideBurst(telegram: FakeTelegram, options: PhaseOptions): Promise<Burst> {
  const { exchanges, stop } = startTalk(telegram, { ...options, label: 'beside' });
  await sleep(options.thinkMs);
  const fromAt = Date.now();
  const ids = throwBurst(telegram, options.events);
  const last = ids.at(-1) ?? 0;
  await until('the burst is stored', () => (telegram.confirmed.at(-1) ?? 0) >= last, storeLimitMs);
  const storedAt = Date.now();
  await sleep(options.seconds * 1000);
  const toAt = Date.now();
  await stop(answerLimitMs);
  return { exchanges, ids, storedAt, span: { fromAt, toAt } };
}

/** All of it is with the platform before the gateway is told of the first. */
export function throwBurst(telegram: FakeTelegram, events: number): readonly number[] {
  return Array.from(
    { length: events },
    (_, n) => telegram.userText(`Number ${n} of the flood.`, flood).update_id,
  );
}
