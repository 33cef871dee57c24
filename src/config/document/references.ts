import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { messageOf } from '#core/errors.ts';
import { pathToText, type Problem } from '../problem.ts';

/**
 * `${NAME}` in any text is the environment variable NAME, `$${` is a literal `${`.
 * A mapping with the one key `file` is the text of that file, without the line break at its end.
 */
export interface ReferenceDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of config.yaml: relative paths start here. */
  readonly folder: string;
  /** Throws where there is no such file. */
  readText(path: string): string;
}

export interface Resolved {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Where a value came from, by its path: `the variable OPENAI_API_KEY`, `the file secrets/key`. */
  readonly origins: ReadonlyMap<string, string>;
}

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);
const longestSecretFile = 64 * 1024;

/** Replaces every reference in a plain tree; a reference that leads nowhere becomes a problem and an empty text. */
export function resolveReferences(tree: unknown, deps: ReferenceDeps): Resolved {
  const found: Found = { problems: [], origins: new Map() };
  return { value: walk(tree, []), ...found };

  function walk(value: unknown, path: readonly PropertyKey[]): unknown {
    if (typeof value === 'string') return expandText(value, { where: pathToText(path), deps, found });
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (value === null || typeof value !== 'object') return value;
    const entries: [string, unknown][] = Object.entries(value);
    const first = entries[0];
    if (entries.length === 1 && first?.[0] === 'file' && typeof first[1] === 'string') {
      return readSecret(first[1], { where: pathToText(path), deps, found });
    }
    const allowed = entries.filter(([key]) => isAllowed(key, path));
    return Object.fromEntries(allowed.map(([key, inner]) => [key, walk(inner, [...path, key])]));
  }

  function isAllowed(key: string, path: readonly PropertyKey[]): boolean {
    if (!forbiddenKeys.has(key)) return true;
    const where = pathToText([...path, key]);
    found.problems.push({ path: where, message: 'is not a usable name', fix: 'Choose another.' });
    return false;
  }
}

interface Found {
  readonly problems: Problem[];
  readonly origins: Map<string, string>;
}

interface Spot {
  readonly where: string;
  readonly deps: ReferenceDeps;
  readonly found: Found;
}

function expandText(text: string, { where, deps, found }: Spot): string {
  return expandVariables(text, (name) => {
    const value = deps.env[name];
    found.origins.set(where, `the variable ${name}`);
    if (value !== undefined) return value;
    found.problems.push({
      path: where,
      message: `needs the environment variable ${name}, which is not set`,
      fix: `Set ${name} for the gateway, or write the value or {file: path} here.`,
    });
    return null;
  });
}

function readSecret(file: string, spot: Spot): string {
  const { where, deps, found } = spot;
  const given = expandText(file, spot);
  found.origins.set(where, `the file ${given}`);
  try {
    const text = deps.readText(absolutePath(given, deps.folder));
    if (text.length <= longestSecretFile) return text.replace(/\r?\n$/, '');
    const message = `names a file over 64 KB: ${given}`;
    found.problems.push({ path: where, message, fix: 'Name a smaller one.' });
  } catch (error) {
    found.problems.push({
      path: where,
      message: `names a file that cannot be read: ${given} (${messageOf(error)})`,
      fix: 'Create it, readable for this user; relative paths start at the folder of config.yaml.',
    });
  }
  return '';
}

/** Replaces each `${NAME}` by what `lookUp` gives; null leaves nothing. `$${` stays as `${`. */
export function expandVariables(text: string, lookUp: (name: string) => string | null): string {
  return text.replace(
    /\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g,
    (_whole, escaped: string | undefined, name: string) =>
      escaped === undefined ? (lookUp(name) ?? '') : escaped,
  );
}

function absolutePath(path: string, folder: string): string {
  if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1));
  return isAbsolute(path) ? path : join(folder, path);
}
