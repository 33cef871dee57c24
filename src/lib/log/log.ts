import { inspect } from 'node:util';
import { pino } from 'pino';

/** See core's LogPort. */
export interface Log {
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

/**
 * JSON lines. Every line passes `redact` as text, so a secret is masked wherever it stands, in messages and stacks too.
 * `write` gets whole lines with their line feed.
 */
export function createLog(options: {
  readonly redact: (text: string) => string;
  readonly write: (line: string) => void;
  /** Shows warnings and errors in one line each, masked as well. Absent: nobody is looking. */
  readonly show?: (line: string) => void;
}): Log {
  const { redact, show } = options;
  const logger = pino(
    { base: null, errorKey: 'error', serializers: { error: pino.stdSerializers.err } },
    { write: (line: string) => options.write(redact(line)) },
  );
  return {
    info: (event, fields) => logger.info({ ...fields, event }),
    warn: (event, fields) => {
      logger.warn({ ...fields, event });
      show?.(redact(`tiro: ${event} ${describeFields(fields)}`));
    },
    error: (event, fields) => {
      logger.error({ ...fields, event });
      show?.(redact(`tiro: ${event} ${describeFields(fields)}`));
    },
  };
}

/** `name=value` of what a person can read at a glance; the rest is in the file. No character of it moves the cursor. */
function describeFields(fields: Readonly<Record<string, unknown>> = {}): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value instanceof Error ? value.message : plain(value)}`)
    .join(' ')
    .replaceAll(/[\s\p{C}]+/gu, ' ');
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { breakLength: Infinity, depth: 2 });
}

/** For tests and for code that runs before there is a log. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
