/** What is known of a failed call, in plain data: from the SDK's error, or from an error sent inside a stream. */
export interface Facts {
  /** HTTP status; null when no answer came. */
  readonly status: number | null;
  readonly code: string;
  readonly message: string;
  /** From `retry-after-ms`, or `retry-after` in seconds or as a date; null when absent. */
  readonly retryAfterMs: number | null;
  /** The system's word for a failed connection, such as ECONNREFUSED; '' when there was one. */
  readonly network: string;
}

/** Reads any error that the SDK throws. `now` is epoch ms, for a Retry-After date. */
export function factsOf(error: unknown, now: number): Facts {
  const body = field(error, 'error');
  const code =
    textField(error, 'code') ||
    textField(body, 'code') ||
    textField(error, 'type') ||
    textField(body, 'type');
  const headers = field(error, 'headers');
  return {
    status: statusOf(error, code),
    code,
    message: textField(body, 'message') || textField(error, 'message'),
    retryAfterMs: headers instanceof Headers ? retryAfterMs(headers, now) : null,
    network: networkOf(error),
  };
}

/** An error inside a stream has no status of its own; some servers put it into `code`. */
function statusOf(error: unknown, code: string): number | null {
  const status = field(error, 'status');
  if (typeof status === 'number') return status;
  const coded = Number(code);
  return Number.isInteger(coded) && coded >= 400 && coded < 600 ? coded : null;
}

function retryAfterMs(headers: Headers, now: number): number | null {
  const exact = Number(headers.get('retry-after-ms') ?? 'none');
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const text = headers.get('retry-after');
  if (text === null || text.trim() === '') return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** The first code in the chain of causes. */
function networkOf(error: unknown): string {
  let cause: unknown = error;
  for (let depth = 0; depth < 5 && cause !== undefined; depth += 1) {
    const code = textField(cause, 'code');
    if (/^[A-Z][A-Z_]+$/.test(code)) return code;
    cause = field(cause, 'cause');
  }
  return '';
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function textField(value: unknown, key: string): string {
  const found = field(value, key);
  if (typeof found === 'string') return found;
  return typeof found === 'number' ? String(found) : '';
}
