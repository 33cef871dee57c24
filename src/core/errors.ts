/** A failure with a stable code. `message` is a sentence for people, without secrets. */
export class TiroError extends Error {
  readonly code: TiroErrorCode;
  constructor(code: TiroErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TiroError';
    this.code = code;
  }
}

export type TiroErrorCode =
  /** A newer gateway took the home over: nothing of this process may be written or sent any more. */
  | 'fenced'
  /** The disk or the database refuses writes: nothing was stored, try again later. */
  | 'store-unavailable'
  | 'store-corrupt'
  | 'schema-newer'
  | 'home-locked'
  | 'bad-config'
  | 'bad-input'
  | 'not-found'
  | 'conflict'
  | 'denied'
  | 'over-budget'
  | 'unavailable';

/** The exit code of the process for an error code; everything unknown is a defect (1). */
export const exitCodeByError: Readonly<Record<TiroErrorCode, number>> = {
  fenced: 69,
  'store-unavailable': 69,
  'store-corrupt': 69,
  'schema-newer': 69,
  'home-locked': 69,
  'bad-config': 78,
  'bad-input': 65,
  'not-found': 65,
  conflict: 65,
  denied: 77,
  'over-budget': 66,
  unavailable: 69,
};

/** HTTP status for an error code. */
export const httpStatusByError: Readonly<Record<TiroErrorCode, 400 | 402 | 403 | 404 | 409 | 500 | 503>> = {
  fenced: 503,
  'store-unavailable': 503,
  'store-corrupt': 503,
  'schema-newer': 503,
  'home-locked': 503,
  'bad-config': 500,
  'bad-input': 400,
  'not-found': 404,
  conflict: 409,
  denied: 403,
  'over-budget': 402,
  unavailable: 503,
};

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
