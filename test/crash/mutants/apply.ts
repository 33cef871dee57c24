/** Replaces text in one source file of the product. */
export interface Edit {
  /** From the root of the project: `src/agent/run-turn.ts`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** The text with its edits. Throws where an edit does not fit any more: then the mutant must be renewed. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits.reduce((edited, { file, find, replace }) => {
    const count = edited.split(find).length - 1;
    if (count === 1) return edited.replace(find, () => replace);
    throw new Error(
      `The mutant must be renewed: ${file} has this text ${count} times instead of once:\n${find}`,
    );
  }, text);
}
