import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { HTTPException } from 'hono/http-exception';
import { TiroError, httpStatusByError } from '#core/errors.ts';

/** What goes back to a caller: a status, a stable code and a sentence. */
export interface Problem {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly message: string;
}

/** Codes that only HTTP knows; the others are those of TiroError. */
type HttpCode = 'unauthorized' | 'forbidden' | 'not-found' | 'too-large' | 'rate-limited';

const statusByHttpCode: Readonly<Record<HttpCode, ContentfulStatusCode>> = {
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'too-large': 413,
  'rate-limited': 429,
};

/** To be thrown inside a handler; the one place that catches turns it into the right shape. */
export function httpProblem(code: HttpCode, message: string): HTTPException {
  return new HTTPException(statusByHttpCode[code], { message, cause: code });
}

/** Null for a defect: the caller learns nothing of it, the log does. */
export function errorToProblem(error: unknown): Problem | null {
  if (error instanceof TiroError) {
    return { status: httpStatusByError[error.code], code: error.code, message: error.message };
  }
  if (error instanceof HTTPException) {
    const code = typeof error.cause === 'string' ? error.cause : 'bad-input';
    return { status: error.status, code, message: error.message };
  }
  return null;
}

export const defectProblem: Problem = {
  status: 500,
  code: 'defect',
  message: 'Something broke inside Tiro. The log has the details.',
};

/** The shape of errors everywhere but under /v1. */
export function problemBody(problem: Problem): { error: { code: string; message: string } } {
  return { error: { code: problem.code, message: problem.message } };
}
