/** One thing that is wrong with the configuration: where, what, and what to do about it. */
export interface Problem {
  /** The key, such as `channels.telegram.token`; the variable, such as `TIRO_PORT`; or '' for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** One sentence that tells how to mend it. */
  readonly fix: string;
}

/** The problem on one line, for a terminal or a log. */
export function describeProblem(problem: Problem): string {
  return `${problem.path === '' ? 'config.yaml' : problem.path} ${problem.message}. ${problem.fix}`;
}

/** A path of keys as people write it: `people.ann.identities[0]`. */
export function pathToText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}
