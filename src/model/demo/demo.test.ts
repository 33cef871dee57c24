import { expect, test } from 'vitest';
import type { ModelMessage, ModelReply, ToolSpec } from '#core/ports/model.ts';
import { ask } from '#test/contract/model.ts';
import { demoReply } from './demo.ts';

function tool(name: string, ...properties: readonly string[]): ToolSpec {
  const shapes = properties.map((property) => [property, { type: 'string' }]);
  return { name, description: name, parameters: { type: 'object', properties: Object.fromEntries(shapes) } };
}

const expand = {
  name: 'expand',
  description: 'expand',
  parameters: { type: 'object', properties: { id: { type: 'integer' }, offset: { type: 'integer' } } },
};
const tools = [expand, tool('now'), tool('send_message', 'chat', 'text'), tool('wipe', 'path')];

function reply(...messages: readonly ModelMessage[]): ModelReply {
  return demoReply({ ...ask(''), tools, messages }, 'demo/demo', () => {});
}

function said(text: string): ModelReply {
  return reply({ role: 'user', content: `${text}\n\n(sent Fri 2026-11-20 09:14 UTC)` });
}

test.each([
  ['What time is it?', 'now', {}],
  ["what's the time", 'now', {}],
  ['send "see you at nine" to telegram:7', 'send_message', { text: 'see you at nine', chat: 'telegram:7' }],
  ['please expand 412', 'expand', { id: 412 }],
  ['call wipe {"path": "/tmp/}x{"} now', 'wipe', { path: '/tmp/}x{' }],
  ['use tool now', 'now', {}],
])('“%s” calls %s', (text, name, args) => {
  const { toolCalls, finish } = said(text);
  expect(finish).toBe('tool-calls');
  expect(toolCalls.map((call) => [call.name, JSON.parse(call.arguments)])).toEqual([[name, args]]);
});

test('arguments that are no JSON are passed on as they are', () => {
  expect(said('call wipe {path: oops').toolCalls[0]?.arguments).toBe('{path: oops');
});

test('every text says that it is the demo and no AI', () => {
  const texts = [
    said('hello'),
    said('call nothing_here {}'),
    reply(
      { role: 'user', content: 'what time is it' },
      { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'now', arguments: '{}' }] },
      { role: 'tool', callId: 'a', content: '09:14' },
    ),
    reply({ role: 'user', content: '[ann approved 7F3K: wipe {}. It runs now.]\n\n[Result]\ndone' }),
  ].map(({ text }) => text);
  for (const text of texts) expect(text).toMatch(/demo, not an AI/);
  expect(texts[0]).toContain('You said: hello');
  expect(texts[0]).not.toContain('(sent');
  expect(texts[1]).toContain('`nothing_here`, which is not offered');
  expect(texts[2]).toContain('The tool `now` says: 09:14');
  expect(texts[3]).toContain('done');
});

test('talk that only sounds like a phrase is talk', () => {
  expect(said('please call me later').toolCalls).toEqual([]);
  expect(said('the approved plan').toolCalls).toEqual([]);
});

test('only the newest message is a wish', () => {
  const older = 'what time is it\n\n(sent Fri 2026-11-20 09:14 UTC)';
  expect(said(`${older}\n\nhello`).toolCalls).toEqual([]);
});

test('a decision is not taken for a new wish', () => {
  const told = '[ann approved 7F3K: send_message {"text":"call wipe {}"}. It runs now.]';
  expect(reply({ role: 'user', content: told }).toolCalls).toEqual([]);
});

test('long text is shortened, and a cut emoji is no broken text', () => {
  expect(said(`${'x'.repeat(399)}😀😀`).text.isWellFormed()).toBe(true);
});

test('equal requests have equal replies, and deltas make up the text', () => {
  const deltas: string[] = [];
  const request = { ...ask('hello'), tools };
  const first = demoReply(request, 'demo/demo', (text) => deltas.push(text));
  expect(deltas.join('')).toBe(first.text);
  expect(demoReply(request, 'demo/demo', () => {})).toEqual(first);
});
