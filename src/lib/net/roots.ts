/**
 * Why a `fetch` failed: the codes of the errors under its error, one per address that was tried, such as
 * `connect ECONNREFUSED`. Never a message or a URL, which may hold secrets.
 */
export function rootsOf(error: unknown): readonly string[] {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(rootsOf);
  if (!(error instanceof Error)) return ['unknown error'];
  if (error.cause !== undefined) return rootsOf(error.cause);
  const words = /timed out/.test(error.message) ? 'timed out' : error.name; // our own time limits have no code
  const code = 'code' in error ? String(error.code) : words;
  return ['syscall' in error ? `${String(error.syscall)} ${code}` : code];
}
