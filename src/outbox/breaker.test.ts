import { expect, test } from 'vitest';
import { createBreaker } from '#outbox/breaker.ts';

function breakerAt() {
  const time = { now: 0 };
  const breaker = createBreaker({ elapsed: () => time.now });
  const fail = (times: number): void => {
    for (let i = 0; i < times; i += 1) breaker.failed('telegram');
  };
  const restMs = (): number => {
    const start = time.now;
    while (breaker.resting(time.now).includes('telegram')) time.now += 1_000;
    return time.now - start;
  };
  return { breaker, time, fail, restMs };
}

test('five failures in a row put a channel to rest; each failed probe doubles the rest, up to a minute', () => {
  const { breaker, time, fail, restMs } = breakerAt();
  fail(4);
  expect(breaker.resting(time.now)).toEqual([]);
  fail(1);
  expect(breaker.probing(time.now)).toEqual([]);
  const rests = [restMs()];
  for (let probe = 0; probe < 5; probe += 1) {
    expect(breaker.probing(time.now)).toEqual(['telegram']);
    fail(1);
    rests.push(restMs());
  }
  expect(rests).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

test('failures of calls that were under way do not prolong a rest', () => {
  const { fail, restMs } = breakerAt();
  fail(64);
  expect(restMs()).toBe(5_000);
});

test('one answer closes it', () => {
  const { breaker, time, fail, restMs } = breakerAt();
  fail(5);
  restMs();
  breaker.succeeded('telegram');
  expect(breaker.probing(time.now)).toEqual([]);
  fail(4);
  expect(breaker.resting(time.now)).toEqual([]);
});

test('channels rest for themselves', () => {
  const { breaker, time, fail } = breakerAt();
  fail(5);
  breaker.failed('discord');
  expect(breaker.resting(time.now)).toEqual(['telegram']);
});
