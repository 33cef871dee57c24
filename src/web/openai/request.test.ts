import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressToKey, parseChatKey } from '#core/address.ts';
import { chatName, parseCompletion } from './request.ts';

const caller = { conversation: null, key: null, now: 7 };
const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string | null) => ({ role: 'assistant', content });

test('an unnamed request is isolated: what was said before becomes its history', () => {
  const messages = [{ role: 'system', content: 'Be brief.' }, user('one'), assistant('eins'), user('two')];
  expect(parseCompletion({ model: 'gpt-x', messages }, caller)).toEqual({
    model: 'gpt-x',
    stream: false,
    includeUsage: false,
    submission: {
      channel: 'api',
      chat: 'owner',
      user: null,
      conversation: null,
      isolated: true,
      text: 'two',
      key: null,
      history: [
        {
          kind: 'input',
          event: '',
          person: 'owner',
          name: 'instructions',
          text: 'Be brief.',
          files: [],
          at: 7,
        },
        { kind: 'input', event: '', person: 'owner', name: 'owner', text: 'one', files: [], at: 7 },
        { kind: 'reply', text: 'eins', toolCalls: [], model: '', usage: null, finish: 'stop' },
      ],
    },
  });
});

test('of a named conversation only what follows the last answer is new', () => {
  const messages = [user('one'), assistant('eins'), user('two'), user('three')];
  expect(parseCompletion({ messages, user: 'alice' }, caller).submission).toMatchObject({
    chat: 'alice',
    user: 'alice',
    isolated: false,
    text: 'two\n\nthree',
    history: [],
  });
  expect(parseCompletion({ messages }, { ...caller, conversation: 'book' }).submission).toMatchObject({
    chat: 'owner/book',
    user: null,
    isolated: false,
  });
});

test('parts of text are joined; the words of tools of the caller are left to the assistant', () => {
  const parts = [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b' },
  ];
  const called = { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function' }] };
  const messages = [
    user('x'),
    called,
    { role: 'tool', tool_call_id: 'c1', content: '{}' },
    { role: 'user', content: parts },
  ];
  const { submission } = parseCompletion({ messages }, caller);
  expect(submission.text).toBe('a\nb');
  expect(submission.history).toHaveLength(1);
});

test.each([
  { why: 'two answers', body: { messages: [user('x')], n: 2 }, names: 'n: only 1' },
  {
    why: 'a picture',
    body: { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
    names: 'image_url',
  },
  {
    why: 'nothing new',
    body: { messages: [user('x'), assistant('y')] },
    names: 'messages: the user says nothing',
  },
  { why: 'no messages', body: { messages: [] }, names: 'messages' },
  { why: 'no role', body: { messages: [{ content: 'x' }] }, names: 'messages.0.role' },
  { why: 'a user that is no text', body: { messages: [user('x')], user: 7 }, names: 'user' },
])('$why is refused by name', ({ body, names }) => {
  expect(() => parseCompletion(body, caller)).toThrow(names);
});

test('no two callers share a chat, and each name makes a valid address', () => {
  const awkward = fc.constantFrom('owner', 'a/b', '%6Fwner', 'a');
  const name = fc.option(fc.oneof(fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }), awkward));
  const caller = fc.tuple(name, name).filter((names) => names.join('').isWellFormed());
  fc.assert(
    fc.property(caller, caller, (one, other) => {
      const [a, b] = [chatName(...one), chatName(...other)];
      const key = addressToKey({ channel: 'api', chat: a, thread: null });
      expect(parseChatKey(key)).toEqual({ channel: 'api', chat: a, thread: null });
      expect(a === b).toBe(one[0] === other[0] && one[1] === other[1]);
    }),
  );
});
