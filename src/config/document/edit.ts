import { realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Document } from 'yaml';
import { type HomePaths, resolveConfigPath, resolveHome } from '../home/paths.ts';
import { hasCode, readTextOrNull, writePrivateFile } from '../home/private-file.ts';
import { type LoadInput, parseConfig } from '../load.ts';
import type { Problem } from '../problem.ts';

/** One change of config.yaml: `value` undefined removes the key. */
export interface ConfigEdit {
  readonly path: readonly string[];
  readonly value: unknown;
}

export type Edited =
  | { readonly ok: true; readonly path: string; readonly warnings: readonly Problem[] }
  /** Nothing was written. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Changes keys of config.yaml and leaves comments and every other key as they are. The result is checked before it is
 * written, in one step and readable for this user only. A file that is broken already is not touched.
 */
export async function editConfig(edits: readonly ConfigEdit[], input: LoadInput): Promise<Edited> {
  const path = await writablePath(resolveConfigPath(resolveHome(input), input.env));
  const edited = await editText((await readTextOrNull(path)) ?? '', edits);
  if (edited === null) {
    const fix = 'Mend the file first (tiro config check), or move it aside.';
    return { ok: false, problems: [{ path: '', message: `in ${path} is not YAML that can be edited`, fix }] };
  }
  const checked = await parseConfig(edited, input);
  if (!checked.ok) return { ok: false, problems: checked.problems };
  await writePrivateFile(path, edited);
  return { ok: true, path, warnings: checked.warnings };
}

/** The text with the edits in it, or null where the text is not YAML. */
export async function editText(text: string, edits: readonly ConfigEdit[]): Promise<string | null> {
  const { isMap, parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) return null;
  if (document.contents !== null && !isMap(document.contents)) return null;
  for (const edit of edits) {
    if (edit.value !== undefined) setValue(document, edit, isMap);
    else if (document.hasIn(edit.path)) document.deleteIn(edit.path);
  }
  return document.toString({ lineWidth: 0 });
}

function setValue(document: Document, edit: ConfigEdit, isMap: (node: unknown) => boolean): void {
  // A section whose lines are all commented out, or that is plain text, makes room for a real one.
  for (let depth = 1; depth < edit.path.length; depth += 1) {
    const parent = edit.path.slice(0, depth);
    if (document.hasIn(parent) && !isMap(document.getIn(parent, true))) document.deleteIn(parent);
  }
  document.setIn(edit.path, document.createNode(edit.value, { flow: isReference(edit.value) }));
}

function isReference(value: unknown): boolean {
  return value !== null && typeof value === 'object' && Object.keys(value).join() === 'file';
}

/**
 * Keeps a secret in a file of its own, readable for this user only, and returns the value for config.yaml that names
 * it. `name` is made of letters, digits, - and _.
 */
export async function writeSecret(
  paths: HomePaths,
  name: string,
  secret: string,
): Promise<{ readonly file: string }> {
  const path = join(paths.secrets, name);
  await writePrivateFile(path, `${secret}\n`);
  const isBeside = dirname(paths.config) === paths.home;
  return { file: isBeside ? relative(paths.home, path) : path };
}

/** The file behind a symbolic link: replacing the link would leave the linked file stale. */
async function writablePath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return path;
    throw error;
  }
}
