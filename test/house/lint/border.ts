import { dirname, join, relative, resolve } from 'node:path';
import { offline, pureBuiltins, roof, roomOf, rooms, type Room } from '../rooms.ts';
import { textOf, type LintContext, type LintRule, type SyntaxNode } from './syntax.ts';

interface Crossing {
  /** File or folder below the root, where the file that imports lies. */
  readonly from: string;
  readonly specifier: string;
  readonly kind: 'import' | 'dynamic' | 'url';
}

const topRooms = new Set(['adapters', 'prompts', 'memory', 'sandbox', 'test']);

/** Reports each import, export … from, import() and `new URL(…, import.meta.url)` that crosses a border of rooms.ts. */
export const border: LintRule = {
  create(context) {
    const from = relative(context.cwd, context.filename);
    const check = (node: SyntaxNode, specifier: string, kind: Crossing['kind']): void => {
      const message = violationOf({ from, specifier, kind });
      if (message !== null) context.report({ node, message });
    };
    return { ...staticImports(check), ...dynamicImports(check, context), ...urls(check) };
  },
};

type Check = (node: SyntaxNode, specifier: string, kind: Crossing['kind']) => void;

function staticImports(check: Check): ReturnType<LintRule['create']> {
  const visit = (node: SyntaxNode): void => {
    const specifier = textOf(node.source);
    if (specifier !== null) check(node, specifier, 'import');
  };
  return {
    ImportDeclaration: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    TSImportType: visit,
  };
}

function dynamicImports(check: Check, context: LintContext): ReturnType<LintRule['create']> {
  return {
    ImportExpression(node) {
      const specifier = textOf(node.source);
      if (specifier !== null) check(node, specifier, 'dynamic');
      else
        context.report({
          node,
          message: 'import() needs a literal: else nobody sees which border it crosses.',
        });
    },
  };
}

/** A worker's or an asset's file is named this way. */
function urls(check: Check): ReturnType<LintRule['create']> {
  return {
    NewExpression(node) {
      const specifier = textOf(node.arguments?.[0]);
      const isOwn = node.callee?.name === 'URL' && node.arguments?.[1]?.type === 'MemberExpression';
      if (isOwn && specifier !== null && /^\.\.?\//.test(specifier)) check(node, specifier, 'url');
    },
  };
}

/** Why this import is not allowed, or null. */
function violationOf(crossing: Crossing): string | null {
  const own = roomOf(crossing.from);
  if (own === null || own === 'test') return null;
  const room = rooms[own];
  if (own !== roof && room === undefined)
    return `${own} is not in the table of borders (test/house/rooms.ts).`;
  const { specifier } = crossing;
  if (specifier.startsWith('.')) return relativeViolation(crossing, own);
  if (specifier.startsWith('#')) return roomViolation(crossing, own);
  return room === undefined ? null : packageViolation(own, room, specifier);
}

function relativeViolation({ from, specifier, kind }: Crossing, own: string): string | null {
  const target = relative('/', resolve('/', dirname(from), specifier));
  const room = roomOf(target);
  const isOfTheRoof = room === null && (own === roof || kind === 'url'); // package.json, an asset beside it
  if (room === own || isOfTheRoof || rooms[own]?.files?.includes(target) === true) return null;
  if (own === 'adapters' && room?.startsWith('adapters/') === true) return null;
  return `Cross a border with #room/…, never with ${specifier}.`;
}

function roomViolation({ specifier, kind }: Crossing, own: string): string | null {
  const target = roomOf(specifierToPath(specifier));
  if (target === roof) return 'main.ts is the roof: nothing imports it.';
  if (target === offline && !(own === roof && kind === 'dynamic')) {
    return `${offline} works offline: nothing at run time imports it.`;
  }
  if (own === roof) return target === 'test' ? 'Nothing imports the tests.' : null;
  if (target === own) return 'Inside a room imports are relative.';
  const { rooms: allowed = [], files = [] } = rooms[own] ?? {};
  if (target !== null && allowed.includes(target)) return null;
  return `${own} may import only: ${[...allowed, ...files].join(', ') || 'zod'}.`;
}

/** package.json `imports`: a top folder keeps its name, every other `#room` lies in src. */
function specifierToPath(specifier: string): string {
  const path = specifier.slice(1);
  if (path === 'main') return roof;
  return topRooms.has(path.split('/')[0] ?? '') ? path : join('src', path);
}

function packageViolation(own: string, room: Room, specifier: string): string | null {
  if (specifier.startsWith('node:')) return builtinViolation(own, room, specifier);
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return room.packages.includes(name)
    ? null
    : `${own} may import no package but: ${room.packages.join(', ')}.`;
}

function builtinViolation(own: string, room: Room, specifier: string): string | null {
  if (specifier === 'node:module') return 'node:module goes around the borders.';
  if (room.builtins === 'all') return null;
  if (room.builtins === 'pure' && pureBuiltins.includes(specifier)) return null;
  return `${own} may not import ${specifier}: what touches the outside comes in as a dep.`;
}
