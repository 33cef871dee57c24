import { defineConfig } from 'oxlint';

/**
 * The house rules, and the borders between the rooms of docs/architecture.md.
 * A later override replaces the same rule of an earlier one, so each file gets its borders and its
 * purity rules from exactly one override; test/borders.test.ts plants one violation of each.
 */

const stations = ['inbox', 'conversation', 'agent', 'policy', 'tools', 'outbox', 'budget'];
const ground = ['config', 'core', 'lib', 'render', 'store', 'model', 'control', 'web', 'cli'];
const rooms = [...ground, ...stations, 'adapters', 'prompts', 'test'];

/** Packages that belong to one room only: an SDK outside its room would spread a platform through the kernel. */
const owners: Readonly<Record<string, string>> = {
  'better-sqlite3': 'store',
  openai: 'model',
  grammy: 'adapters',
  hono: 'web',
  '@hono/node-server': 'web',
  commander: 'cli',
  '@clack/prompts': 'cli',
  'mdast-util-from-markdown': 'render',
  'mdast-util-gfm': 'render',
  'micromark-extension-gfm': 'render',
  pino: 'lib',
  'prom-client': 'web',
  yaml: 'config',
};

const pure = {
  'no-console': 'error',
  'no-restricted-properties': [
    'error',
    { object: 'process', property: 'env', message: 'Only src/config reads the environment.' },
    { object: 'Date', property: 'now', message: 'Take the clock from deps (lib/clock).' },
    { object: 'Math', property: 'random', message: 'Take random from deps (lib/random).' },
    { object: 'crypto', property: 'randomUUID', message: 'Take ids from deps (lib/ids).' },
    { object: 'performance', property: 'now', message: 'Take the clock from deps (lib/clock).' },
  ],
  'no-restricted-globals': [
    'error',
    { name: 'setTimeout', message: 'Timers live in lib/clock.' },
    { name: 'setInterval', message: 'Timers live in lib/clock.' },
    { name: 'setImmediate', message: 'Timers live in lib/clock.' },
  ],
} as const;

type Severity = readonly ['error', Record<string, unknown>];

/** The rule that lets a room import only `allowed` rooms and its own packages; everything else is an error. */
function border(room: string, allowed: readonly string[]): Record<'no-restricted-imports', Severity> {
  const closed = rooms.filter((other) => other !== room && !allowed.includes(other));
  const packages = Object.entries(owners).filter(([, owner]) => owner !== room);
  const patterns = [
    {
      regex: `^#(${closed.join('|')})(/|$)`,
      message: `${room} may import only: ${allowed.join(', ') || 'zod'}.`,
    },
    {
      regex: `^(\\.\\./)+(src/)?(${rooms.join('|')}|main\\.ts)(/|$)`,
      message: 'Cross a border with #room/…, never with ../.',
    },
    { regex: '^#main$', message: 'main.ts is the roof: nothing imports it.' },
    {
      regex: `^(${packages.map(([name]) => name).join('|')})(/|$)`,
      message: 'This package belongs to another room.',
    },
  ];
  return { 'no-restricted-imports': ['error', { patterns }] };
}

/** Only zod comes into core, nothing at all into lib but pino and node. */
const src = (room: string): string[] => [`src/${room}/**/*.ts`];
const testsOf = ['**/*.test.ts', 'test/**/*.ts'];

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise', 'node'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  options: { typeAware: true },
  ignorePatterns: ['node_modules', 'coverage', '**/*.js', '**/vendor/**'],
  rules: {
    'max-lines': ['error', { max: 300 }],
    'max-lines-per-function': ['error', { max: 50 }],
    'max-params': ['error', { max: 3 }],
    'max-depth': ['error', { max: 3 }],
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/no-unsafe-type-assertion': 'error',
    'typescript/explicit-module-boundary-types': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/consistent-type-imports': 'error',
    'no-empty': 'error',
    eqeqeq: 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    // A loop that awaits is the durable way: the next step starts when the last is a row.
    'no-await-in-loop': 'off',
    // Factories close over their parts in the order of use: callers above the functions they call.
    'no-use-before-define': 'off',
    'unicorn/consistent-function-scoping': 'off',
    // A shadowed name inside a small callback is clearer than an invented one.
    'no-shadow': 'off',
    // `import './x.ts'` for effects does not occur; the rule misreads type-only modules.
    'import/no-unassigned-import': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    'oxc/no-map-spread': 'off',
  },
  overrides: [
    { files: src('core'), rules: { ...pure, ...border('core', []) } },
    { files: src('lib'), rules: { ...border('lib', []), 'no-console': 'error' } },
    { files: src('config'), rules: { ...border('config', ['core', 'lib']), 'no-console': 'error' } },
    ...[...stations, 'render'].map((room) => ({
      files: src(room),
      rules: { ...pure, ...border(room, ['core', 'lib']) },
    })),
    ...['store', 'model', 'control'].map((room) => ({
      files: src(room),
      rules: { ...pure, ...border(room, ['core', 'lib']) },
    })),
    { files: src('web'), rules: { ...pure, ...border('web', ['core', 'lib', 'control']) } },
    {
      files: src('cli'),
      rules: { ...pure, ...border('cli', ['core', 'lib', 'control']), 'no-console': 'off' },
    },
    {
      files: ['adapters/*/**/*.ts'],
      rules: { ...pure, ...border('adapters', ['core', 'lib']) },
    },
    { files: ['prompts/**/*.ts'], rules: { ...pure, ...border('prompts', ['core', 'lib']) } },
    {
      files: testsOf,
      rules: {
        'max-lines': ['error', { max: 500 }],
        'max-lines-per-function': 'off',
        'no-restricted-imports': 'off',
        'no-restricted-globals': 'off',
        'no-restricted-properties': 'off',
        'no-console': 'off',
      },
    },
    { files: ['*.config.ts', 'test/bench/main.ts'], rules: { 'import/no-default-export': 'off' } },
  ],
});
