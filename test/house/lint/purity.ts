import { relative } from 'node:path';
import { roof, roomOf, rooms, type Impurity } from '../rooms.ts';
import { globalNameOf, propertyNameOf, textOf, type LintRule, type SyntaxNode } from './syntax.ts';

type Kind = Exclude<Impurity, 'console' | 'sql'>;

const reasons: Readonly<Record<Kind, string>> = {
  clock: 'Take the time from deps (lib/clock).',
  random: 'Take randomness and ids from deps (lib/random, lib/ids).',
  timers: 'Timers live in lib/clock.',
  environment: 'Only src/config reads the environment.',
};

const members: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  Date: { now: 'clock' },
  performance: { now: 'clock', timeOrigin: 'clock' },
  process: { env: 'environment', hrtime: 'clock', uptime: 'clock' },
  Math: { random: 'random' },
  crypto: {
    randomUUID: 'random',
    getRandomValues: 'random',
    randomBytes: 'random',
    randomInt: 'random',
    randomFillSync: 'random',
    randomFill: 'random',
    webcrypto: 'random',
  },
  AbortSignal: { timeout: 'timers' },
};

const globals: Readonly<Record<string, Kind>> = {
  setTimeout: 'timers',
  setInterval: 'timers',
  setImmediate: 'timers',
};

/** Modules whose every name is impure, and modules of which only some names are. */
const modules: Readonly<Record<string, Kind | Readonly<Record<string, Kind>>>> = {
  'node:timers': 'timers',
  'node:timers/promises': 'timers',
  'node:perf_hooks': 'clock',
  'node:crypto': members['crypto'] ?? {},
  'node:process': members['process'] ?? {},
};

/** Reports the clock, randomness, timers and the environment wherever the room does not own them. */
export const purity: LintRule = {
  create(context) {
    const own = roomOf(relative(context.cwd, context.filename));
    if (own === null || own === 'test') return {};
    const owns = own === roof ? [] : (rooms[own]?.owns ?? []);
    const report = (node: SyntaxNode, kind: Kind | null | undefined): void => {
      if (kind === null || kind === undefined || owns.includes(kind)) return;
      context.report({ node, message: reasons[kind] });
    };
    return {
      MemberExpression: (node) => report(node, memberKind(node)),
      NewExpression: (node) => report(node, isBareDate(node) ? 'clock' : null),
      CallExpression: (node) => report(node, globalNameOf(node.callee) === 'Date' ? 'clock' : null),
      VariableDeclarator: (node) => destructuredKinds(node).forEach((kind) => report(node, kind)),
      ImportDeclaration: (node) => importedKinds(node).forEach((kind) => report(node, kind)),
      ImportExpression: (node) => report(node, wholeModuleKind(textOf(node.source) ?? '')),
    };
  },
};

function memberKind(node: SyntaxNode): Kind | null {
  const owner = globalNameOf(node.object);
  const name = propertyNameOf(node);
  if (owner === null || name === null) return null;
  if (owner === 'globalThis' || owner === 'global') return globals[name] ?? null;
  return members[owner]?.[name] ?? null;
}

/** `new Date()` reads the clock; `new Date(ms)` does not. */
function isBareDate(node: SyntaxNode): boolean {
  return globalNameOf(node.callee) === 'Date' && node.arguments?.length === 0;
}

/** `const { env } = process` */
function destructuredKinds(node: SyntaxNode): (Kind | null)[] {
  const owner = globalNameOf(node.init);
  if (owner === null || node.id?.type !== 'ObjectPattern') return [];
  const table = owner === 'globalThis' ? globals : members[owner];
  return (node.id.properties ?? []).map((property) => table?.[property.key?.name ?? ''] ?? null);
}

function importedKinds(node: SyntaxNode): (Kind | null)[] {
  const module = textOf(node.source) ?? '';
  const table = modules[module];
  if (table === undefined) return [];
  if (typeof table === 'string') return [table];
  return (node.specifiers ?? []).map((specifier) =>
    specifier.type === 'ImportSpecifier'
      ? (table[specifier.imported?.name ?? ''] ?? null)
      : wholeModuleKind(module),
  );
}

/** A namespace hides which names are used, so it counts as all of them. */
function wholeModuleKind(module: string): Kind | null {
  const table = modules[module];
  if (table === undefined) return null;
  return typeof table === 'string' ? table : (Object.values(table)[0] ?? null);
}
