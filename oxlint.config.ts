import { defineConfig, type DummyRuleMap } from 'oxlint';

/**
 * The house rules. Which room may import what, and who owns the clock, the environment and the SQL, stands in
 * test/house/rooms.ts and is held by the rules `house/*`; test/borders.test.ts plants one violation of each rule here.
 */

/** The rules of `house/*` know where a file lies; these two know what a name is bound to. */
const pure: DummyRuleMap = {
  'no-console': 'error',
  'no-restricted-globals': ['error', ...['setTimeout', 'setInterval', 'setImmediate'].map(inClock)],
};

function inClock(name: string): { name: string; message: string } {
  return { name, message: 'Timers live in lib/clock.' };
}

/** Tests and the tools of the house stand outside the borders; sizes and types hold for them too. */
const outside: DummyRuleMap = {
  'max-lines': ['error', { max: 500 }],
  'max-lines-per-function': 'off',
  'no-restricted-globals': 'off',
  'no-console': 'off',
};

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise', 'node'],
  jsPlugins: ['./test/house/lint/plugin.ts'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  options: { typeAware: true },
  ignorePatterns: ['node_modules', 'coverage', '**/*.js', '**/vendor/**'],
  rules: {
    ...pure,
    'house/border': 'error',
    'house/purity': 'error',
    'house/sql': 'error',
    'max-lines': ['error', { max: 300 }],
    'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
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
    'typescript/no-require-imports': 'error',
    'no-empty': 'error',
    eqeqeq: 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    // A loop that awaits is the durable way: the next step starts when the last is a row.
    'no-await-in-loop': 'off',
    // Parts are closures: none of ours has a `this` to lose.
    'typescript/unbound-method': 'off',
    // Factories close over their parts in the order of use: callers above the functions they call.
    'no-use-before-define': 'off',
    'unicorn/consistent-function-scoping': 'off',
    // A shadowed name inside a small callback is clearer than an invented one.
    'no-shadow': 'off',
    // `import './x.ts'` for effects does not occur; the rule misreads type-only modules.
    'import/no-unassigned-import': 'off',
    // tsc (noImplicitReturns) and switch-exhaustiveness-check say the same without refusing exhaustive switches.
    'typescript/consistent-return': 'off',
    // `.sort()` after a `.filter()` or `.map()` sorts an array nobody else holds.
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    // A spread in map builds small read-only rows; the cost the rule warns of is not ours.
    'oxc/no-map-spread': 'off',
  },
  overrides: [
    // Each room's owner of an impure thing; all else is in the table of rooms.
    { files: ['src/cli/**/*.ts'], rules: { 'no-console': 'off' } },
    { files: ['src/lib/**/*.ts'], rules: { 'no-restricted-globals': 'off' } },
    { files: ['main.ts'], rules: { 'max-lines': ['error', { max: 150 }] } },
    { files: ['**/*.test.ts', 'test/**/*.ts', 'bin/*.mjs'], rules: outside },
    {
      files: ['**/*.test.ts'],
      rules: { 'house/border': 'off', 'house/purity': 'off', 'house/sql': 'off' },
    },
    // Their tools ask for a default export.
    { files: ['*.config.ts', 'test/house/**/*.ts'], rules: { 'import/no-default-export': 'off' } },
  ],
});
