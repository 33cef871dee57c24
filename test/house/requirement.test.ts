import { expect, test } from 'vitest';
import { needs } from './requirement.ts';

const browser = { name: 'Chromium', enable: 'apt-get install chromium' };

test('what is there is used', () => {
  expect(needs({ ...browser, present: true }, false)).toEqual({ skip: false, reason: '' });
  expect(needs({ ...browser, present: true }, true)).toEqual({ skip: false, reason: '' });
});

test('what is missing is a reason to skip, and says what brings it', () => {
  const need = needs({ ...browser, present: false }, false);
  expect(need).toEqual({ skip: true, reason: 'Chromium is missing; apt-get install chromium enables it' });
});

test('with CI=true what is missing is a failure', () => {
  expect(() => needs({ ...browser, present: false }, true)).toThrow('Chromium is missing');
});
