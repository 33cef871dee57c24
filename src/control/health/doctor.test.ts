import { expect, test } from 'vitest';
import type { Finding } from '#core/ports/adapter.ts';
import type { Check } from '../deps.ts';
import { createManualClock } from '#test/kernel/clock.ts';
import { runChecks } from './doctor.ts';

const fine: Finding = { level: 'ok', what: 'fine', fix: null };

function check(area: string, run: Check['run'], online = false): Check {
  return { area, online, run };
}

test('all are asked side by side, and each answer names its area', async () => {
  const clock = createManualClock();
  const checks = [check('a', async () => [fine, fine]), check('b', async () => [fine])];
  const findings = await runChecks({ checks, clock }, { offline: false });
  expect(findings.map(({ area }) => area)).toEqual(['a', 'a', 'b']);
  expect(clock.waiting()).toBe(0);
});

test('one that throws, at once or later, fails alone', async () => {
  const clock = createManualClock();
  const checks = [
    check('at once', () => {
      throw new Error('broken');
    }),
    check('later', () => Promise.reject(new Error('broken'))),
    check('good', async () => [fine]),
  ];
  expect(await runChecks({ checks, clock }, { offline: false })).toEqual([
    { area: 'at once', level: 'fail', what: 'broken', fix: null },
    { area: 'later', level: 'fail', what: 'broken', fix: null },
    { area: 'good', ...fine },
  ]);
});

test('one that hangs is over after ten seconds', async () => {
  const clock = createManualClock();
  const checks = [check('hangs', () => new Promise(() => undefined)), check('good', async () => [fine])];
  const asked = runChecks({ checks, clock }, { offline: false });
  await clock.pass(10_000);
  expect(await asked).toMatchObject([
    { area: 'hangs', level: 'fail', what: 'no answer within 10 s' },
    { area: 'good' },
  ]);
});

test('offline nothing leaves the machine', async () => {
  let left = false;
  const online = async (): Promise<readonly Finding[]> => {
    left = true;
    return [fine];
  };
  const checks = [check('far', online, true), check('near', async () => [fine])];
  const findings = await runChecks({ checks, clock: createManualClock() }, { offline: true });
  expect([left, findings.map(({ area }) => area)]).toEqual([false, ['near']]);
});

test('of one area nothing else is asked', async () => {
  const never = (): never => {
    throw new Error('asked');
  };
  const checks = [check('telegram', async () => [fine]), check('model', never)];
  const findings = await runChecks(
    { checks, clock: createManualClock() },
    { offline: false, area: 'telegram' },
  );
  expect(findings).toEqual([{ area: 'telegram', ...fine }]);
});
