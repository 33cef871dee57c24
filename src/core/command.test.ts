import { expect, test } from 'vitest';
import { mayUse, parseChatCommand } from './command.ts';

test.each([
  ['/stop', { name: 'stop', args: '' }],
  ['  /Deny 7F3K too risky ', { name: 'deny', args: '7F3K too risky' }],
  ['approve 7f3k', { name: 'approve', args: '7f3k' }],
  ['deny 7F3K because it deletes', { name: 'deny', args: '7F3K it deletes' }],
])('%s is a command', (text, command) => {
  expect(parseChatCommand(text)).toEqual(command);
});

test.each([
  'hello',
  '/usr/bin',
  '/unknown',
  'approve this plan',
  'deny that',
  'I approve 7F3K',
  '/constructor',
])('%s is an ordinary message', (text) => {
  expect(parseChatCommand(text)).toBeNull();
});

test('a guest may only help, stop and pair', () => {
  expect([mayUse('guest', 'help'), mayUse('guest', 'pair'), mayUse('guest', 'stop')]).toEqual([
    true,
    true,
    true,
  ]);
  expect([mayUse('guest', 'new'), mayUse('guest', 'approve'), mayUse('guest', 'model')]).toEqual([
    false,
    false,
    false,
  ]);
  expect(mayUse('member', 'approve')).toBe(true);
});
