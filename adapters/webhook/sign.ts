import { createHash, createHmac } from 'node:crypto';
import { isSameSecret } from '#lib/hash.ts';
import type { Endpoint } from './settings.ts';

/** A request as it came: what was signed are its bytes. */
export interface Signed {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

type Proof = Pick<Endpoint, 'scheme' | 'keys' | 'signatureHeaders' | 'timestampHeader'>;

const toleranceMs = 300_000;
/** Standard Webhooks allows several, while secrets change. */
const mostSignatures = 10;

/**
 * Whether one of the endpoint's keys signed it, not more than five minutes ago or ahead where a time is signed. No branch
 * that takes longer the more of a signature is right; no exception, whatever the headers hold.
 */
export function isSigned(endpoint: Proof, signed: Signed, now: number): boolean {
  const time = timeOf(endpoint, signed.headers);
  if (time === 'none' || (time !== 'unsigned' && Math.abs(now - time) > toleranceMs)) return false;
  const before = textBefore(endpoint, signed.headers);
  if (before === null) return false;
  const given = signaturesIn(endpoint, signed.headers);
  const macs = endpoint.keys.map((key) => macOf(key, before, signed.body));
  return macs
    .flatMap((mac) => given.map((one) => isMac(one, mac, endpoint.scheme)))
    .reduce((any, one) => any || one, false);
}

/**
 * The id of the event, made of what is signed only: `webhook-id` (the same with every try), else a hash of the body and
 * of the time where it is signed. So another writing of the signature, or of a header that nobody signed, is the same event.
 */
export function eventIdOf(endpoint: Proof, { headers, body }: Signed): string {
  const id = headers.get('webhook-id') ?? '';
  if (endpoint.scheme === 'standard')
    return /^[A-Za-z0-9_-]{1,64}$/.test(id) ? id : hashOf(id, new Uint8Array());
  return hashOf(textBefore(endpoint, headers) ?? '', body);
}

/** When it was sent, if that is signed (epoch ms). */
export function sentAtOf(endpoint: Proof, headers: Headers): number | null {
  const time = timeOf(endpoint, headers);
  return typeof time === 'number' ? time : null;
}

/** The value of `webhook-signature` for words of ours. */
export function signStandard(
  key: Uint8Array,
  { id, seconds, body }: { readonly id: string; readonly seconds: number; readonly body: string },
): string {
  return `v1,${macOf(key, `${id}.${seconds}.`, Buffer.from(body)).toString('base64')}`;
}

function macOf(key: Uint8Array, before: string, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(before).update(body).digest();
}

/** 128 bits as hex. */
function hashOf(before: string, body: Uint8Array): string {
  return createHash('sha256').update(before).update(body).digest('hex').slice(0, 32);
}

function timeOf({ scheme, timestampHeader }: Proof, headers: Headers): number | 'unsigned' | 'none' {
  const name = scheme === 'standard' ? 'webhook-timestamp' : timestampHeader;
  if (scheme === 'github' || name === null) return 'unsigned';
  const seconds = headers.get(name) ?? '';
  return /^[1-9]\d{0,11}$/.test(seconds) ? Number(seconds) * 1_000 : 'none';
}

/** What is signed in front of the body. An id with a dot in it could pass for another id with another time. */
function textBefore({ scheme, timestampHeader }: Proof, headers: Headers): string | null {
  if (scheme === 'standard') {
    const id = headers.get('webhook-id') ?? '';
    const isId = /^[\x21-\x2d\x2f-\x7e]{1,256}$/.test(id);
    return isId ? `${id}.${headers.get('webhook-timestamp')}.` : null;
  }
  return scheme === 'hmac-sha256' && timestampHeader !== null ? `${headers.get(timestampHeader)}.` : '';
}

function signaturesIn({ scheme, signatureHeaders }: Proof, headers: Headers): readonly string[] {
  if (scheme === 'standard') {
    const given = (headers.get('webhook-signature') ?? '').split(' ').slice(0, mostSignatures);
    return given.flatMap((one) => (one.startsWith('v1,') ? [one.slice('v1,'.length)] : []));
  }
  const names = scheme === 'github' ? ['x-hub-signature-256'] : signatureHeaders;
  const given = names.map((name) => headers.get(name)).find((value) => value !== null) ?? '';
  if (given.startsWith('sha256=')) return [given.slice('sha256='.length)];
  return scheme === 'github' ? [] : [given];
}

/** Hex in small letters, base 64 or base64url, as the scheme has it: written otherwise it is another text, and refused. */
function isMac(given: string, mac: Buffer, scheme: Endpoint['scheme']): boolean {
  const isHex = isSameSecret(given, mac.toString('hex'));
  const plain = given.replaceAll('+', '-').replaceAll('/', '_').replace(/=$/, '');
  const isBase64 = isSameSecret(plain, mac.toString('base64url'));
  return (isHex && scheme !== 'standard') || (isBase64 && scheme !== 'github');
}
