const mark = Symbol.for('tiro.whatsapp.quiet');
const words = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
/** A frame of the library that encrypts, in a stack. */
const library = /[\\/]node_modules[\\/]libsignal[\\/]/;

/**
 * libsignal prints whole sessions, private keys included, through `console`. From now on nothing that it prints goes
 * anywhere; everybody else's words pass. It holds until the process ends, since a session may be closed at any time, and
 * is harmless to repeat.
 */
export function quietLibrary(target: Pick<Console, (typeof words)[number]> = console): void {
  for (const word of words) {
    const print = target[word];
    if (mark in print) continue;
    const quiet = (...what: readonly unknown[]): void => {
      const { stack = '' } = new Error('who prints?');
      if (!library.test(stack)) Reflect.apply(print, target, what);
    };
    target[word] = Object.assign(quiet, { [mark]: true });
  }
}
