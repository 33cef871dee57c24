import { expect, test } from 'vitest';
import { createHealth } from './health.ts';

/** A disk of which the test says whether it takes writes, and a timer that fires when the test says so. */
function setting(): {
  readonly told: (string | null)[];
  readonly disk: { refusal: string | null };
  readonly write: () => void;
  readonly waits: () => boolean;
  readonly fire: () => void;
} {
  const told: (string | null)[] = [];
  const disk = { refusal: null as string | null };
  let waiting: (() => void) | null = null;
  const health = createHealth({
    timers: {
      after: (_ms, run) => {
        waiting = run;
        return () => (waiting = null);
      },
    },
    ask: () => health.committed(disk.refusal),
    tell: (trouble) => told.push(trouble),
  });
  return {
    told,
    disk,
    write: () => health.committed(disk.refusal),
    waits: () => waiting !== null,
    fire: () => waiting?.(),
  };
}

test('a disk that takes everything is not asked', () => {
  const { told, write, waits } = setting();
  write();
  expect(told).toEqual([]);
  expect(waits()).toBe(false);
});

test('a refusal is told once, and the disk is asked until it takes a write', () => {
  const { told, disk, write, fire, waits } = setting();
  disk.refusal = 'full';
  write();
  write();
  fire();
  fire();
  expect(told).toEqual(['full']);
  disk.refusal = null;
  fire();
  expect(told).toEqual(['full', null]);
  expect(waits()).toBe(false);
});

test('another reason is told, and a write of somebody else shows as well that all is well', () => {
  const { told, disk, write, waits } = setting();
  disk.refusal = 'full';
  write();
  disk.refusal = 'read-only';
  write();
  disk.refusal = null;
  write();
  expect(told).toEqual(['full', 'read-only', null]);
  expect(waits()).toBe(false);
});
