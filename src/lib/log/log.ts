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
}): Log {
  const logger = pino(
    { base: null, errorKey: 'error', serializers: { error: pino.stdSerializers.err } },
    { write: (line: string) => options.write(options.redact(line)) },
  );
  return {
    info: (event, fields) => logger.info({ ...fields, event }),
    warn: (event, fields) => logger.warn({ ...fields, event }),
    error: (event, fields) => logger.error({ ...fields, event }),
  };
}

/** For tests and for code that runs before there is a log. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
