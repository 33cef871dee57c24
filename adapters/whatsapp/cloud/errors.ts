import type { SendError } from '#core/delivery.ts';
import type { Failure } from './client.ts';

/** What Meta's numbers mean to the person who waits for the message (Meta, Error codes of the WhatsApp Business Platform). */
const words: Readonly<Record<number, string>> = {
  33: 'the phone number is gone from the account of the token',
  368: 'Meta has blocked the account for breaking its policies',
  130472: 'WhatsApp holds it back as part of an experiment of its own',
  130497: 'the account may not write to people in this country',
  131021: 'sender and recipient are the same number',
  131026:
    'WhatsApp cannot bring it to this number: it is not on WhatsApp, its app is too old, or its terms are not accepted',
  131030: 'the number is not on the list of recipients of a test number (Meta, WhatsApp, API Setup)',
  131031: 'Meta has locked the WhatsApp Business account',
  131037: 'Meta has not approved the display name of the number',
  131042: 'the account has no way to pay (Meta, WhatsApp Manager, Payment settings)',
  131045: 'the phone number is not registered for the Cloud API',
  131047: 'more than 24 hours since this person last wrote: WhatsApp takes only templates then',
  131048: 'too many messages of this number were blocked or reported, so WhatsApp holds it back',
  131049: 'WhatsApp holds it back so that this person does not get too much',
  131051: 'WhatsApp does not take this kind of message',
  131052: 'WhatsApp could not read the file',
  131053: 'WhatsApp does not take this file: kind or size',
  131062: 'WhatsApp does not take this kind of message for somebody who hides the phone number',
  133010: 'the phone number is not registered for the Cloud API',
};

/** How long until it may be taken. Meta gives no time: these are its own limits, or a guess where it names none. */
const pauses: Readonly<Record<number, number>> = {
  // Of the app, and of the account, an hour each: it counts calls of the last one.
  4: 60_000,
  80007: 60_000,
  613: 60_000,
  // 80 messages a second.
  130429: 5_000,
  // One message in 6 seconds to the same person, after a burst.
  131056: 6_000,
};
const unsaidPauseMs = 30_000;
const forbidden = (code: number): boolean => code === 3 || code === 10 || (code >= 200 && code <= 299);
/** 102, 190, 0: expired, revoked, of a user who left. */
const isToken = (code: number | null): boolean => code === 190 || code === 102 || code === 0;

/** Only a new token helps. */
export function isTokenRefused({ type, code, status }: Failure): boolean {
  return type === 'refused' ? isToken(code) || status === 401 : type === 'http' && status === 401;
}

/** The reason in words. `details`: Meta's own, already without secrets. */
export function explain(code: number | null, details: string): string {
  const known = code === null ? undefined : words[code];
  if (known !== undefined) return `${known} (${code})`;
  if (isToken(code)) return `the token is refused: it has expired or was taken back (${code})`;
  if (code !== null && forbidden(code))
    return `the token lacks the permission whatsapp_business_messaging (${code})`;
  const which = code === null ? 'without a number' : String(code);
  return `Meta answered ${which}${details === '' ? '' : `: ${details}`}`;
}

/**
 * | Graph | means |
 * |---|---|
 * | 4, 613, 80007, 130429, 131056, HTTP 429 | rate-limited, for as long as that limit asks |
 * | 190 and its like, HTTP 401 | transient: surely not sent, and a new token cures it |
 * | 131057, the account is being moved | transient |
 * | 131047, 131026, 131051, 100, 10, any other number | permanent, in words |
 * | 1, 2, 131000, 131016 | unknown: Meta says that it broke, not where |
 * | 3xx and 4xx without a number | permanent |
 * | any 5xx without a number, a page that is no answer | unknown |
 * | never connected, held back by our own gateway | transient |
 * | connection lost, 60 s without an answer, aborted after it left | unknown |
 */
export function errorOf(failure: Failure): SendError {
  const { type, code, status, why: reason } = failure;
  if (type === 'not-sent') return { type: 'transient', reason };
  if (type === 'lost') return { type: 'unknown', reason };
  if (status === 429 || (code !== null && pauses[code] !== undefined))
    return { type: 'rate-limited', retryAfterMs: pauseOf(failure), reason };
  if (isTokenRefused(failure) || code === 131057) return { type: 'transient', reason };
  if (type === 'http') return { type: status >= 500 ? 'unknown' : 'permanent', reason };
  return { type: isUnsure(failure) ? 'unknown' : 'permanent', reason };
}

function pauseOf({ code, retryAfterMs }: Failure): number {
  return retryAfterMs ?? (code === null ? unsaidPauseMs : (pauses[code] ?? unsaidPauseMs));
}

/** 3 (no permission) and 131045 (not registered) come with HTTP 500, and are refusals all the same. */
function isUnsure({ code, status }: Failure): boolean {
  if (code === 1 || code === 2 || code === 131000 || code === 131016) return true;
  return status >= 500 && (code === null || (words[code] === undefined && !forbidden(code)));
}
