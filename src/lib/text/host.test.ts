import { expect, test } from 'vitest';
import { isLoopbackHost } from './host.ts';

test.each(['localhost', 'LOCALHOST', 'localhost.', '127.0.0.1', '127.8.9.10', '::1', '[::1]'])(
  '%s is this machine',
  (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  },
);

test.each([
  'localhost.example.org',
  '127.0.0.1.example.org',
  'example.org',
  '10.0.0.1',
  '0.0.0.0',
  '1270.0.0.1',
  '[::2]',
  '',
])('%j is not', (host) => {
  expect(isLoopbackHost(host)).toBe(false);
});
