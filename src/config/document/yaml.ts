import { messageOf } from '#core/errors.ts';
import type { Problem } from '../problem.ts';

export type ParsedYaml =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** An anchor may be repeated this often before the file is taken for a bomb. */
const maxAliases = 100;

/**
 * The text of config.yaml as plain data; an empty file is null. Problems name line and column and never quote the
 * text: the line may hold a secret. The YAML library is loaded only here and for edits: no file, no cost.
 */
export async function parseYaml(text: string): Promise<ParsedYaml> {
  if (text.trim() === '') return { ok: true, value: null };
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) return { ok: false, problems: faults.slice(0, 3).map(toProblem) };
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: maxAliases }) };
  } catch (error) {
    const message = `cannot be read: ${messageOf(error)}`;
    return { ok: false, problems: [{ path: '', message, fix: 'Write it without so many aliases.' }] };
  }

  function toProblem(fault: { message: string; pos: [number, number] }): Problem {
    const { line, col } = lines.linePos(fault.pos[0]);
    const unquoted = text.split('\n')[line - 1]?.includes('${') === true;
    return {
      path: '',
      message: `is not YAML at line ${line}, column ${col}: ${fault.message.split('\n')[0] ?? ''}`,
      fix: unquoted
        ? 'Inside { … } and [ … ] a reference needs quotes: "${NAME}".'
        : 'Mend that line; indent with spaces, and quote text with special characters.',
    };
  }
}
