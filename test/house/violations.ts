import { rooms } from './rooms.ts';

/** One thing that the lint must refuse: `text` written to `file` must give a finding of `rule` that says `message`. */
export interface Violation {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly rule: string;
  readonly message: string;
}

type Row = readonly [file: string, code: string, message: string];

const imports = (specifier: string): string => `import type { x } from '${specifier}';\nexport type Y = x;\n`;

/** The border table, row by row: who imports, what, and what the lint answers. */
const borderRows: readonly Row[] = [
  // core: zod and nothing of ours
  ['src/core/a.ts', imports('#lib/clock.ts'), 'src/core may import only: zod.'],
  ['src/core/a.ts', imports('openai'), 'src/core may import no package but: zod.'],
  ['src/core/a.ts', imports('node:path'), 'src/core may not import node:path'],
  // lib: nothing of ours, node and pino
  ['src/lib/a.ts', imports('#core/event.ts'), 'src/lib may import only: zod.'],
  ['src/lib/a.ts', imports('zod'), 'src/lib may import no package but: pino.'],
  // config
  ['src/config/a.ts', imports('#store/x.ts'), 'src/config may import only: src/core, src/lib.'],
  // stations and render: core, lib, own folder
  ...['inbox', 'conversation', 'agent', 'policy', 'tools', 'outbox', 'schedule', 'budget', 'render'].flatMap(
    stationRows,
  ),
  // store and model: no station
  ['src/store/a.ts', imports('#inbox/x.ts'), 'src/store may import only: src/core, src/lib.'],
  ['src/store/a.ts', imports('openai'), 'src/store may import no package but: zod, better-sqlite3.'],
  ['src/model/a.ts', imports('#agent/x.ts'), 'src/model may import only: src/core, src/lib.'],
  ['src/model/a.ts', imports('better-sqlite3'), 'src/model may import no package but: zod, openai.'],
  // media: no station, only the readers of files
  ['src/media/a.ts', imports('#agent/x.ts'), 'src/media may import only: src/core, src/lib.'],
  [
    'src/media/a.ts',
    imports('openai'),
    'src/media may import no package but: zod, file-type, unpdf, mammoth.',
  ],
  // control: everything else as deps
  ['src/control/a.ts', imports('#store/x.ts'), 'src/control may import only: src/core, src/lib.'],
  ['src/control/a.ts', imports('#config/x.ts'), 'src/control may import only: src/core, src/lib.'],
  // web and cli: control, core, lib
  ['src/web/a.ts', imports('#store/x.ts'), 'src/web may import only: src/core, src/lib, src/control.'],
  ['src/web/a.ts', imports('commander'), 'src/web may import no package but'],
  ['src/cli/a.ts', imports('#agent/x.ts'), 'src/cli may import only: src/core, src/lib, src/control.'],
  ['src/cli/a.ts', imports('hono'), 'src/cli may import no package but'],
  // the ground never looks up
  ...['adapters/telegram', 'memory', 'sandbox', 'prompts', 'test'].map(upward),
  // adapters: no other adapter, no station, no store, only the own SDK
  ['adapters/telegram/a.ts', imports('#adapters/webchat/x.ts'), 'adapters/telegram may import only'],
  ['adapters/telegram/a.ts', imports('../webchat/x.ts'), 'Cross a border with #room/'],
  ['adapters/telegram/a.ts', imports('#outbox/x.ts'), 'adapters/telegram may import only'],
  ['adapters/telegram/a.ts', imports('#store/x.ts'), 'adapters/telegram may import only'],
  ['adapters/discord/a.ts', imports('#adapters/slack/x.ts'), 'adapters/discord may import only'],
  ['adapters/discord/a.ts', imports('grammy'), 'adapters/discord may import no package but'],
  ['adapters/slack/a.ts', imports('#adapters/discord/x.ts'), 'adapters/slack may import only'],
  ['adapters/slack/a.ts', imports('discord.js'), 'adapters/slack may import no package but'],
  ['adapters/webchat/a.ts', imports('grammy'), 'adapters/webchat may import no package but: zod.'],
  ['adapters/webchat/a.ts', imports('hono'), 'adapters/webchat may import no package but: zod.'],
  ['adapters/newcomer/a.ts', imports('#core/x.ts'), 'adapters/newcomer is not in the table of borders'],
  // prompts stand beside adapters; the optimiser is offline
  ['prompts/a.ts', imports('#agent/x.ts'), 'prompts may import only: src/core, src/lib.'],
  ['prompts/a.ts', imports('#adapters/index.ts'), 'prompts may import only: src/core, src/lib.'],
  ['prompts/a.ts', imports('./optimiser/x.ts'), 'Cross a border with #room/'],
  ['src/agent/a.ts', imports('#prompts/optimiser/x.ts'), 'prompts/optimiser works offline'],
  ['main.ts', "import './src/lib/x.ts';\n", 'Cross a border with #room/'],
  ['main.ts', "import '#prompts/optimiser/x.ts';\n", 'prompts/optimiser works offline'],
  // the roof is seen by nobody
  ['src/cli/a.ts', imports('#main'), 'main.ts is the roof'],
  ['adapters/index.ts', imports('#main'), 'main.ts is the roof'],
  ['src/cli/a.ts', imports('../../main.ts'), 'Cross a border with #room/'],
  // the checker of the crash campaign shares nothing with the product
  [
    'test/crash/checker/a.ts',
    imports('#core/x.ts'),
    'test/crash/checker may import only: test/crash/history.ts.',
  ],
  ['test/crash/checker/a.ts', imports('#main'), 'main.ts is the roof'],
  ['test/crash/checker/a.ts', imports('#test/store.ts'), 'test/crash/checker may import only'],
  ['test/crash/checker/a.ts', imports('../failpoints.ts'), 'Cross a border with #room/'],
  ['test/crash/checker/a.ts', imports('../../../src/core/x.ts'), 'Cross a border with #room/'],
  ['test/crash/checker/a.ts', imports('zod'), 'test/crash/checker may import no package'],
  ['test/crash/checker/a.ts', imports('node:fs'), 'test/crash/checker may not import node:fs'],
  // around the table: relative paths, dynamic imports, re-exports, urls, computed names, createRequire
  ['src/inbox/a.ts', imports('../outbox/x.ts'), 'Cross a border with #room/'],
  ['src/inbox/a.ts', imports('./../outbox/x.ts'), 'Cross a border with #room/'],
  ['src/inbox/a.ts', imports('../../src/store/x.ts'), 'Cross a border with #room/'],
  ['src/inbox/a.ts', imports('../../node_modules/openai/index.ts'), 'Cross a border with #room/'],
  ['src/inbox/a.ts', "export * from '#store/x.ts';\n", 'src/inbox may import only'],
  ['src/inbox/a.ts', "export { x } from '#store/x.ts';\n", 'src/inbox may import only'],
  ['src/inbox/a.ts', "export type X = import('#store/x.ts').X;\n", 'src/inbox may import only'],
  ['src/inbox/a.ts', "export const x: unknown = await import('#store/x.ts');\n", 'src/inbox may import only'],
  [
    'src/inbox/a.ts',
    'const s = String(1);\nexport const x: unknown = await import(s);\n',
    'import() needs a literal',
  ],
  [
    'src/agent/a.ts',
    "export const x: URL = new URL('../../prompts/x.md', import.meta.url);\n",
    'Cross a border',
  ],
  ['src/store/a.ts', imports('node:module'), 'node:module goes around the borders'],
  ['src/inbox/a.ts', imports('node:fs'), 'src/inbox may not import node:fs'],
  ['src/inbox/a.ts', imports('#inbox/x.ts'), 'Inside a room imports are relative.'],
  ['src/newcomer/a.ts', imports('#core/x.ts'), 'src/newcomer is not in the table of borders'],
];

function stationRows(name: string): readonly Row[] {
  const sibling = name === 'inbox' ? 'outbox' : 'inbox';
  return [sibling, 'store', 'model', 'control', 'config'].map((other) => [
    `src/${name}/a.ts`,
    imports(`#${other}/x.ts`),
    `src/${name} may import only: src/core, src/lib.`,
  ]);
}

function upward(room: string): Row {
  return [
    'src/web/a.ts',
    imports(`#${room}/x.ts`),
    'src/web may import only: src/core, src/lib, src/control.',
  ];
}

/** Clock, randomness, timers and environment, in each of the ways they can be reached. */
const purityRows: readonly Row[] = [
  ['src/outbox/a.ts', 'export const x: number = Date.now();\n', 'Take the time from deps'],
  ['src/outbox/a.ts', 'export const x: Date = new Date();\n', 'Take the time from deps'],
  ['src/outbox/a.ts', 'export const x: string = Date();\n', 'Take the time from deps'],
  ['src/outbox/a.ts', 'const { now } = Date;\nexport const x: number = now();\n', 'Take the time from deps'],
  ['src/outbox/a.ts', 'export const x: number = globalThis.Date.now();\n', 'Take the time from deps'],
  ['src/outbox/a.ts', 'export const x: number = performance.now();\n', 'Take the time from deps'],
  ['src/outbox/a.ts', 'export const x: bigint = process.hrtime.bigint();\n', 'Take the time from deps'],
  [
    'src/store/a.ts',
    "import { performance as p } from 'node:perf_hooks';\nexport const x: unknown = p;\n",
    'Take the time',
  ],
  ['src/outbox/a.ts', 'export const x: number = Math.random();\n', 'Take randomness and ids from deps'],
  ['src/outbox/a.ts', "export const x: number = Math['random']();\n", 'Take randomness and ids from deps'],
  ['src/outbox/a.ts', 'export const x: string = crypto.randomUUID();\n', 'Take randomness and ids from deps'],
  [
    'src/outbox/a.ts',
    "import { randomUUID } from 'node:crypto';\nexport const x: string = randomUUID();\n",
    'Take randomness',
  ],
  [
    'src/outbox/a.ts',
    "import { randomBytes as r } from 'node:crypto';\nexport const x: unknown = r(1);\n",
    'Take randomness',
  ],
  [
    'src/outbox/a.ts',
    "import * as c from 'node:crypto';\nexport const x: string = c.randomUUID();\n",
    'Take randomness',
  ],
  [
    'src/web/a.ts',
    "import { setTimeout as s } from 'node:timers/promises';\nexport const x: unknown = s(1);\n",
    'Timers live',
  ],
  ['src/web/a.ts', "export const x: unknown = import('node:timers');\n", 'Timers live in lib/clock.'],
  ['src/outbox/a.ts', 'globalThis.setTimeout(() => undefined, 1);\n', 'Timers live in lib/clock.'],
  [
    'src/outbox/a.ts',
    'const { setInterval: s } = globalThis;\ns(() => undefined, 1);\n',
    'Timers live in lib/clock.',
  ],
  ['src/outbox/a.ts', 'export const x: AbortSignal = AbortSignal.timeout(1);\n', 'Timers live in lib/clock.'],
  ['src/outbox/a.ts', "export const x: unknown = process.env['HOME'];\n", 'Only src/config reads'],
  [
    'src/lib/a.ts',
    "export const x: unknown = process.env['HOME'];\n",
    'Only src/config reads the environment.',
  ],
  [
    'main.ts',
    "export const home: unknown = process.env['HOME'];\n",
    'Only src/config reads the environment.',
  ],
  ['src/web/a.ts', 'const { env } = process;\nexport const x: unknown = env;\n', 'Only src/config reads'],
  [
    'src/web/a.ts',
    "import { env } from 'node:process';\nexport const x: unknown = env;\n",
    'Only src/config reads',
  ],
  [
    'src/web/a.ts',
    "import p from 'node:process';\nexport const x: unknown = p.env;\n",
    'Only src/config reads',
  ],
  ['src/config/a.ts', 'export const x: number = Date.now();\n', 'Take the time from deps'],
  ['test/crash/checker/a.ts', 'export const x: number = Date.now();\n', 'Take the time from deps'],
];

const sqlMessage = 'SQL lives in src/store only.';
const sqlRows: readonly Row[] = [
  ['src/inbox/a.ts', "export const q = 'SELECT id FROM events' as const;\n", sqlMessage],
  ['src/control/a.ts', 'export const q = `\n  select *\n  from turns where id = ${1 + 1}`;\n', sqlMessage],
  [
    'adapters/telegram/a.ts',
    "export const q = 'INSERT OR IGNORE INTO events VALUES (1)' as const;\n",
    sqlMessage,
  ],
  ['main.ts', "export const q = 'PRAGMA synchronous' as const;\n", sqlMessage],
];

const lines = (count: number, line: string): string => `${line}\n`.repeat(count);
const longest = 'export function f(): number {\n';

/** Rules of oxlint itself, as this house has set them. */
const ruleRows: readonly (readonly [rule: string, ...Row])[] = [
  ['eslint(max-lines)', 'src/inbox/a.ts', lines(301, 'export {};'), 'too many lines'],
  ['eslint(max-lines)', 'main.ts', lines(151, 'export {};'), 'too many lines'],
  ['eslint(max-lines)', 'src/inbox/a.test.ts', lines(501, 'export {};'), 'too many lines'],
  [
    'eslint(max-lines-per-function)',
    'src/inbox/a.ts',
    `${longest}${lines(50, '  f();')}  return 1;\n}\n`,
    'too many lines',
  ],
  [
    'eslint(max-params)',
    'src/inbox/a.ts',
    'export function f(a: 1, b: 1, c: 1, d: 1): unknown {\n  return [a, b, c, d];\n}\n',
    'Maximum allowed is 3',
  ],
  [
    'eslint(max-depth)',
    'src/inbox/a.ts',
    'export function f(a: string[]): void {\n  for (const b of a) {\n    if (b) {\n      while (b) {\n        if (a) f(a);\n      }\n    }\n  }\n}\n',
    'Maximum allowed is 3',
  ],
  [
    'typescript(no-floating-promises)',
    'src/inbox/a.ts',
    'export function f(): void {\n  Promise.resolve(1);\n}\n',
    'Promises must be',
  ],
  [
    'typescript(no-misused-promises)',
    'src/inbox/a.ts',
    'export function f(a: Promise<1>): number {\n  return a ? 1 : 2;\n}\n',
    'Promise',
  ],
  ['typescript(no-explicit-any)', 'src/inbox/a.ts', 'export type A = any;\n', 'any'],
  [
    'typescript(no-non-null-assertion)',
    'src/inbox/a.ts',
    'export function f(a: string | null): string {\n  return a!;\n}\n',
    'non-null',
  ],
  [
    'typescript(no-unsafe-type-assertion)',
    'src/inbox/a.ts',
    'export function f(a: unknown): string {\n  return a as string;\n}\n',
    'Unsafe',
  ],
  [
    'typescript(switch-exhaustiveness-check)',
    'src/inbox/a.ts',
    "export function f(a: 'x' | 'y'): void {\n  switch (a) {\n    case 'x':\n  }\n}\n",
    'not exhaustive',
  ],
  [
    'eslint(no-empty)',
    'src/inbox/a.ts',
    'export function f(): void {\n  try {\n    f();\n  } catch {}\n}\n',
    'empty',
  ],
  ['eslint(no-console)', 'src/web/a.ts', "console.log('x');\n", 'console'],
  ['eslint(no-console)', 'src/lib/a.ts', "console.log('x');\n", 'console'],
  ['eslint(no-console)', 'main.ts', "console.log('x');\n", 'console'],
  [
    'eslint(no-restricted-globals)',
    'src/inbox/a.ts',
    'setTimeout(() => undefined, 1);\n',
    'Timers live in lib/clock.',
  ],
  [
    'eslint(no-restricted-globals)',
    'main.ts',
    'setInterval(() => undefined, 1);\n',
    'Timers live in lib/clock.',
  ],
  ['import(no-default-export)', 'src/inbox/a.ts', 'export default 1;\n', 'named exports'],
  [
    'import(no-cycle)',
    'src/inbox/one.ts',
    "import { b } from './two.ts';\nexport const a: unknown = b;\n",
    'cycle',
  ],
  [
    'import(no-cycle)',
    'src/inbox/two.ts',
    "import { a } from './one.ts';\nexport const b: unknown = a;\n",
    'cycle',
  ],
  [
    'typescript(no-require-imports)',
    'src/inbox/a.ts',
    "export const a: unknown = require('node:fs');\n",
    'require',
  ],
];

/** Every violation. Each has a file to itself, so that one run of the lint sees them all; there is one main.ts. */
export const violations: readonly Violation[] = [
  ...borderRows.map((row) => ['house(border)', ...row] as const),
  ...purityRows.map((row) => ['house(purity)', ...row] as const),
  ...sqlRows.map((row) => ['house(sql)', ...row] as const),
  ...ruleRows,
].map(([rule, file, text, message], index) => ({
  name: `${rule} in ${file}: ${firstLine(text)}`,
  rule,
  file: ownFile(file, index),
  text,
  message,
}));

/** What the same rules must let pass, or they would be switched off within a week. */
const innocentRows: readonly (readonly [file: string, text: string])[] = [
  ...Object.keys(rooms).flatMap((room) =>
    (rooms[room]?.rooms ?? []).map(
      (other) => [`${room}/a.ts`, imports(`#${other.replace('src/', '')}/x.ts`)] as const,
    ),
  ),
  ['src/inbox/a.ts', imports('./b.ts')],
  ['adapters/index.ts', imports('./telegram/x.ts')],
  ['main.ts', "import './package.json';\n"],
  ['main.ts', "export const x: unknown = await import('#prompts/optimiser/x.ts');\n"],
  ['src/inbox/a.ts', 'export const x: Date = new Date(0);\n'],
  [
    'src/inbox/a.ts',
    "import { createHash } from 'node:crypto';\nexport const x: unknown = createHash('sha256');\n",
  ],
  ['src/cli/a.ts', "export const x = 'Select a model from the list' as const;\n"],
  ['src/cli/a.ts', "console.log('x');\n"],
  ['src/store/a.ts', "export const q = 'SELECT id FROM events' as const;\n"],
  ['src/lib/a.ts', 'export const x: number = Date.now() + Math.random();\nsetTimeout(() => undefined, 1);\n'],
  ['src/config/a.ts', "export const x: unknown = process.env['HOME'];\n"],
  ['src/inbox/a.test.ts', "import { x } from '#store/x.ts';\nexport const y: unknown = [x, Date.now()];\n"],
  ['test/crash/checker/a.ts', imports('../history.ts')],
  ['test/e2e/a.ts', "import { x } from '#main';\nexport const y: unknown = x;\n"],
];

export const innocents: readonly { readonly file: string; readonly text: string }[] = innocentRows.map(
  ([file, text], index) => ({ file: ownFile(file, index), text }),
);

function ownFile(file: string, index: number): string {
  return file.replace(/\/a\./, `/planted-${index}.`);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
