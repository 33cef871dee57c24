import { expect, test } from 'vitest';
import type { ModelError } from '#core/ports/model.ts';
import { createHealth } from './health.ts';

const down: ModelError = { type: 'transient', reason: 'down', retryAfterMs: null };

function fail(health: ReturnType<typeof createHealth>, label: string, times: number): void {
  for (let i = 0; i < times; i += 1) health.begin(label)(down);
}

test('a model with three failures in a row is skipped while another can answer', () => {
  const health = createHealth({ elapsed: () => 0 });
  fail(health, 'a', 2);
  expect(health.ready(['a', 'b'])).toEqual(['a', 'b']);
  fail(health, 'a', 1);
  expect(health.ready(['a', 'b'])).toEqual(['b']);
  fail(health, 'b', 3);
  expect(health.ready(['a', 'b'])).toEqual(['a', 'b']);
});

test('an answer in between starts the count anew', () => {
  const health = createHealth({ elapsed: () => 0 });
  fail(health, 'a', 2);
  health.begin('a')('ok');
  fail(health, 'a', 2);
  expect(health.ready(['a', 'b'])).toEqual(['a', 'b']);
});

test('after 30 s one probe is let through, and the others wait for its outcome', () => {
  let now = 0;
  const health = createHealth({ elapsed: () => now });
  fail(health, 'a', 3);
  now = 30_000;
  expect(health.ready(['a', 'b'])).toEqual(['a', 'b']);
  const probe = health.begin('a');
  expect(health.ready(['a', 'b'])).toEqual(['b']);
  probe(null);
  expect(health.ready(['a', 'b'])).toEqual(['a', 'b']);
});

test('a request that a model cannot take says nothing about the model', () => {
  const health = createHealth({ elapsed: () => 0 });
  for (let i = 0; i < 9; i += 1) health.begin('a')({ ...down, type: 'bad-request' });
  expect(health.ready(['a', 'b'])).toEqual(['a', 'b']);
});

test('Retry-After is kept, but not longer than a quarter of an hour', () => {
  let now = 1_000;
  const health = createHealth({ elapsed: () => now });
  health.begin('a')({ type: 'rate-limited', reason: 'slow down', retryAfterMs: 1e12 });
  expect(health.ready(['a'])).toEqual([]);
  expect(health.nextOf(['a'])).toMatchObject({ at: 901_000, error: { reason: 'slow down' } });
  now = 901_000;
  expect(health.ready(['a'])).toEqual(['a']);
});
