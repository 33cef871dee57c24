import {
  array,
  assert,
  constantFrom,
  dictionary,
  property,
  record,
  string,
  stringMatching,
} from 'fast-check';
import { expect, test } from 'vitest';
import { expandVariables, resolveReferences } from './references.ts';

const resolve = (tree: unknown, env: Record<string, string> = {}, files: Record<string, string> = {}) =>
  resolveReferences(tree, {
    env,
    folder: '/home/ann/.tiro',
    readText: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error('no such file');
      return text;
    },
  });

test('a variable is expanded wherever it stands, also inside a text and a list', () => {
  const { value, problems } = resolve(
    { url: 'http://${HOST}:${PORT}/v1', list: ['${HOST}', 7, null, true] },
    { HOST: 'box', PORT: '80' },
  );
  expect(value).toEqual({ url: 'http://box:80/v1', list: ['box', 7, null, true] });
  expect(problems).toEqual([]);
});

test('a missing variable is a problem that names key and variable', () => {
  const { problems } = resolve({ channels: { telegram: { token: '${BOT_TOKEN}' } } });
  expect(problems).toMatchObject([{ path: 'channels.telegram.token' }]);
  expect(problems[0]?.message).toContain('BOT_TOKEN');
  expect(problems[0]?.fix).toContain('Set BOT_TOKEN');
});

test('what a variable holds is not expanded again', () => {
  expect(resolve({ a: '${A}' }, { A: '${B}', B: 'no' }).value).toEqual({ a: '${B}' });
});

test('a file is read relative to config.yaml, without the line break at its end', () => {
  const files = { '/home/ann/.tiro/secrets/key': 'sk-1\n', '/run/secrets/key': 'sk-2\r\n' };
  expect(resolve({ a: { file: 'secrets/key' } }, {}, files).value).toEqual({ a: 'sk-1' });
  expect(resolve({ a: { file: '${DIR}/key' } }, { DIR: '/run/secrets' }, files).value).toEqual({ a: 'sk-2' });
});

test('a file that is missing or too long is a problem that names it', () => {
  expect(resolve({ a: { file: 'gone' } }).problems[0]?.message).toContain('gone');
  const long = { '/home/ann/.tiro/long': 'x'.repeat(70_000) };
  expect(resolve({ a: { file: 'long' } }, {}, long).problems[0]?.message).toContain('64 KB');
});

test('a person called file is no file reference', () => {
  const tree = { people: { file: { role: 'owner' } } };
  expect(resolve(tree)).toMatchObject({ value: tree, problems: [] });
});

test('names that could reach into objects are refused', () => {
  const tree: unknown = JSON.parse('{"people": {"__proto__": {"role": "owner"}, "constructor": {}}}');
  const { value, problems } = resolve(tree);
  expect(value).toEqual({ people: {} });
  expect(problems.map((problem) => problem.path)).toEqual(['people.__proto__', 'people.constructor']);
});

test('the origin of a value is remembered for messages', () => {
  const { origins } = resolve({ a: '${KEY}', b: { file: 'k' } }, { KEY: '' }, { '/home/ann/.tiro/k': '' });
  expect([...origins]).toEqual([
    ['a', 'the variable KEY'],
    ['b', 'the file k'],
  ]);
});

/** As the owner writes a literal `${`. */
const escapeVariables = (text: string) => text.replaceAll('${', () => '$${');
const nameArb = stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/);

test('any text survives escaping and expansion', () => {
  assert(
    property(string({ unit: constantFrom('$', '{', '}', 'A', ' ', '\n', 'é') }), (text) => {
      expect(expandVariables(escapeVariables(text), () => null)).toBe(text);
    }),
  );
});

test('text around references is kept and each reference is replaced by its value', () => {
  const part = record({ before: string().map(escapeVariables), name: nameArb });
  assert(
    property(array(part), dictionary(nameArb, string()), (parts, env) => {
      // A text that ends in $ would escape the reference that follows it.
      const safe = parts.map(({ before, name }) => ({ before: `${before};`, name }));
      const text = safe.map(({ before, name }) => `${before}\${${name}}`).join('');
      const expected = safe.map(
        ({ before, name }) => expandVariables(before, () => null) + (env[name] ?? ''),
      );
      expect(expandVariables(text, (name) => env[name] ?? null)).toBe(expected.join(''));
    }),
  );
});
