/**
 * The table of borders (docs/architecture.md) as data: what each room may import. The lint rule `house/border` reads
 * it, and test/borders.test.ts plants a violation of every row. A folder that is not here may not hold code.
 */
export interface Room {
  /** Rooms it may import with `#room/…`. Its own files it imports relatively. */
  readonly rooms: readonly string[];
  /** Packages it may import: an SDK outside its room would spread a platform through the kernel. */
  readonly packages: readonly string[];
  /** `pure`: only builtins that neither touch the outside nor know the time. */
  readonly builtins: 'none' | 'pure' | 'all';
  /** Sources of impurity it owns; everywhere else they come in as deps. */
  readonly owns: readonly Impurity[];
  /** Single files outside of it that it may import relatively. */
  readonly files?: readonly string[];
}

export type Impurity = 'clock' | 'random' | 'timers' | 'environment' | 'console' | 'sql';

const ground = ['src/core', 'src/lib'];
const station: Room = { rooms: ground, packages: ['zod'], builtins: 'pure', owns: [] };
const adapter = { rooms: ground, builtins: 'all', owns: [] } as const;

const stations = ['inbox', 'conversation', 'agent', 'policy', 'tools', 'outbox', 'schedule', 'budget'];

export const rooms: Readonly<Record<string, Room>> = {
  'src/core': { rooms: [], packages: ['zod'], builtins: 'none', owns: [] },
  'src/lib': { rooms: [], packages: ['pino'], builtins: 'all', owns: ['clock', 'random', 'timers'] },
  'src/config': { rooms: ground, packages: ['zod', 'yaml'], builtins: 'all', owns: ['environment'] },
  ...Object.fromEntries(stations.map((name) => [`src/${name}`, station])),
  'src/render': {
    ...station,
    packages: ['mdast-util-from-markdown', 'mdast-util-gfm', 'micromark-extension-gfm', 'mdast'],
  },
  'src/store': { rooms: ground, packages: ['zod', 'better-sqlite3'], builtins: 'all', owns: ['sql'] },
  'src/model': { rooms: ground, packages: ['zod', 'openai'], builtins: 'all', owns: [] },
  'src/media': {
    rooms: ground,
    packages: ['zod', 'file-type', 'unpdf', 'mammoth'],
    builtins: 'all',
    owns: [],
  },
  'src/control': { rooms: ground, packages: ['zod'], builtins: 'pure', owns: [] },
  'src/web': {
    rooms: [...ground, 'src/control'],
    packages: ['zod', 'hono', '@hono/node-server', 'prom-client', 'uqr'],
    builtins: 'all',
    owns: [],
  },
  'src/cli': {
    rooms: [...ground, 'src/control'],
    packages: ['zod', 'commander', '@clack/prompts', 'uqr'],
    builtins: 'all',
    owns: ['console'],
  },
  'adapters/telegram': { ...adapter, packages: ['zod', 'grammy'] },
  'adapters/discord': {
    ...adapter,
    packages: ['zod', '@discordjs/rest', '@discordjs/ws', 'discord-api-types'],
  },
  'adapters/slack': {
    ...adapter,
    packages: ['zod', '@slack/web-api', '@slack/socket-mode'],
  },
  // Its library prints keys: web/quiet.ts stands between.
  'adapters/whatsapp': { ...adapter, packages: ['zod', 'baileys'], owns: ['console'] },
  'adapters/email': {
    ...adapter,
    packages: ['zod', 'imapflow', 'nodemailer', 'mailparser', 'mailauth'],
  },
  'adapters/webhook': { ...adapter, packages: ['zod'] },
  'adapters/webchat': { ...adapter, packages: ['zod'] },
  /** adapters/index.ts: the list. It alone sees every adapter (see the rule). */
  adapters: { rooms: ground, packages: ['zod'], builtins: 'pure', owns: [] },
  prompts: { rooms: ground, packages: ['zod'], builtins: 'all', owns: [] },
  /** Of the tests, which stand outside the borders, the one part that must share nothing with what it judges. */
  'test/crash/checker': {
    rooms: [],
    packages: [],
    builtins: 'none',
    owns: [],
    files: ['test/crash/history.ts'],
  },
};

/** Builtins that compute and nothing else. `node:crypto` is among them for hashes: its randomness has its own rule. */
export const pureBuiltins: readonly string[] = [
  'node:assert',
  'node:buffer',
  'node:crypto',
  'node:events',
  'node:path',
  'node:string_decoder',
  'node:url',
  'node:util',
];

/** The roof sees every room, the offline one only when a command asks for it: `await import('#prompts/optimiser/…')`. */
export const roof = 'main.ts';
export const offline = 'prompts/optimiser';
/** Judges the product's deeds and is written apart from it. */
const checker = 'test/crash/checker';

/** `src/inbox` for src/inbox/claim.ts, `main.ts` for the roof, null for files of no room (package.json). */
export function roomOf(path: string): string | null {
  const [first = '', second = '', ...rest] = path.split('/');
  if (path === roof) return roof;
  if (first === 'src' || (first === 'adapters' && rest.length > 0)) return `${first}/${second}`;
  if (path.startsWith(`${offline}/`)) return offline;
  if (path.startsWith(`${checker}/`)) return checker;
  return ['adapters', 'prompts', 'memory', 'sandbox', 'test'].includes(first) ? first : null;
}
