import { expect, test } from 'vitest';
import type { LiveEvent } from '#core/ports/live.ts';
import { createLive } from './live.ts';

const place = { conversation: 'cnv_1', turn: 'trn_1' } as const;

test('a late reader gets the text so far; a restart and a commit make it void', () => {
  const live = createLive();
  live.publish({ type: 'delta', ...place, text: 'Hel' });
  live.publish({ type: 'delta', ...place, text: 'lo' });
  expect(live.partial('trn_1')).toBe('Hello');
  live.publish({ type: 'restart', ...place });
  expect(live.partial('trn_1')).toBe('');
  live.publish({ type: 'delta', ...place, text: 'Hi' });
  live.clear('trn_1');
  expect(live.partial('trn_1')).toBe('');
});

test('every listener hears every event until it leaves', () => {
  const live = createLive();
  const [a, b]: [LiveEvent[], LiveEvent[]] = [[], []];
  const leave = live.subscribe((event) => a.push(event));
  live.subscribe((event) => b.push(event));
  live.publish({ type: 'waiting', ...place, reason: 'busy' });
  leave();
  live.publish({ type: 'restart', ...place });
  expect([a.length, b.length]).toEqual([1, 2]);
});
