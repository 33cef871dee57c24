import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAssembly } from './assembly.ts';
import { type Chunk, parseChunk } from './chunk.ts';

function chunk(delta: unknown, finish: string | null = null): Chunk {
  const parsed = parseChunk({ choices: [{ delta, finish_reason: finish }] });
  if (parsed === null) throw new Error('The test made no chunk.');
  return parsed;
}

function assembled(chunks: readonly Chunk[], usedIds: readonly string[] = []): unknown {
  const assembly = createAssembly(usedIds);
  for (const part of chunks) assembly.add(part);
  return assembly.finish('closed');
}

test('calls are put together however their deltas are cut and interleaved', () => {
  const call = fc.record({ name: fc.stringMatching(/^[a-z_]{1,8}$/), args: fc.json() });
  fc.assert(
    fc.property(
      fc.array(call, { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.nat(5)),
      (calls, sizes) => {
        const rest = calls.map(({ args }) => args);
        const chunks = calls.map(({ name }, index) =>
          chunk({ tool_calls: [{ index, id: `c${index}`, function: { name, arguments: '' } }] }),
        );
        while (rest.some((text) => text !== '')) {
          for (const [index, text] of rest.entries()) {
            const size = 1 + (sizes.next().value ?? 0);
            if (text !== '')
              chunks.push(chunk({ tool_calls: [{ index, function: { arguments: text.slice(0, size) } }] }));
            rest[index] = text.slice(size);
          }
        }
        expect(assembled([...chunks, chunk({}, 'tool_calls')])).toMatchObject({
          kind: 'reply',
          finish: 'tool-calls',
          toolCalls: calls.map(({ name, args }, index) => ({ id: `c${index}`, name, arguments: args })),
        });
      },
    ),
    { numRuns: 60 },
  );
});

test('any JSON is a chunk or is refused, but never throws', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const parsed = parseChunk(value);
      if (parsed !== null) createAssembly([]).add(parsed);
    }),
  );
});

test('several whole calls at index 0 are several calls', () => {
  const whole = (id: string): Chunk =>
    chunk({ tool_calls: [{ index: 0, id, function: { name: 'now', arguments: '{}' } }] });
  expect(assembled([whole('a'), whole('b'), chunk({}, 'stop')])).toMatchObject({
    finish: 'tool-calls',
    toolCalls: [
      { id: 'a', name: 'now', arguments: '{}' },
      { id: 'b', name: 'now', arguments: '{}' },
    ],
  });
});

test('an id that the conversation has used, or none, is replaced by one of its own', () => {
  const first = chunk({
    tool_calls: [{ index: 0, id: 'call_0', function: { name: 'now', arguments: '{}' } }],
  });
  const second = chunk({ tool_calls: [{ index: 1, function: { name: 'now', arguments: '{}' } }] });
  const run = (): unknown => assembled([first, second, chunk({}, 'tool_calls')], ['call_0']);
  expect(run()).toEqual(run());
  const ids = JSON.stringify(run()).match(/call_[0-9a-f]{20}/g);
  expect(new Set(ids).size).toBe(2);
});

test('arguments that come as an object become text', () => {
  const call = { index: 0, id: 'a', function: { name: 'now', arguments: { zone: 'UTC' } } };
  expect(assembled([chunk({ tool_calls: [call] }), chunk({}, 'tool_calls')])).toMatchObject({
    toolCalls: [{ arguments: '{"zone":"UTC"}' }],
  });
});

test('content in parts gives its text and leaves its thinking out', () => {
  const parts = [{ type: 'thinking' }, { type: 'text', text: 'Four.' }];
  expect(assembled([chunk({ content: parts }), chunk({}, 'stop')])).toMatchObject({ text: 'Four.' });
});

test('a call without a name is no reply, unless the cap cut it off', () => {
  const nameless = chunk({ content: 'Wait', tool_calls: [{ index: 0, function: { arguments: '{' } }] });
  expect(assembled([nameless, chunk({}, 'tool_calls')])).toMatchObject({ kind: 'broken' });
  expect(assembled([nameless, chunk({}, 'length')])).toMatchObject({ finish: 'length', toolCalls: [] });
});

test('a refusal in its own field is text that says it is one', () => {
  expect(assembled([chunk({ refusal: 'No.' }), chunk({}, 'stop')])).toMatchObject({
    finish: 'refused',
    text: 'No.',
  });
});

test('hidden thinking counts as completion, and cached tokens are kept', () => {
  const usage = {
    prompt_tokens: 100,
    completion_tokens: 5,
    total_tokens: 150,
    prompt_tokens_details: { cached_tokens: 64 },
  };
  const last = parseChunk({ choices: [], usage });
  expect(assembled([chunk({ content: 'Four.' }), chunk({}, 'stop'), last ?? chunk({})])).toMatchObject({
    usage: { promptTokens: 100, cachedTokens: 64, completionTokens: 50 },
  });
});
