import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTimeFormat } from './time.ts';

test('a time is written in the person’s zone, or else in UTC', () => {
  const at = Date.UTC(2026, 10, 20, 8, 14);
  expect(createTimeFormat(null)(at)).toBe('Fri 2026-11-20 08:14 UTC');
  expect(createTimeFormat('Europe/Rome')(at)).toBe('Fri 2026-11-20 09:14 Europe/Rome');
});

test('UTC is written the same whether a person has it as a zone or has none', () => {
  const [none, named] = [createTimeFormat(null), createTimeFormat('UTC')];
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      (date) => {
        expect(none(date.getTime())).toBe(named(date.getTime()));
      },
    ),
  );
});

test('a clock beyond the end of time is written as that end', () => {
  expect(createTimeFormat(null)(1e300)).toBe(createTimeFormat(null)(8.64e15));
  expect(createTimeFormat('Europe/Rome')(1e300)).toContain('275760');
});
