import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import type { Scheme } from './settings.ts';
import { eventIdOf, isSigned, signStandard } from './sign.ts';

const now = 1_790_000_000_000;
const seconds = String(now / 1_000);
const bytes = Buffer.from('a key of twenty-six bytes.');
const whsec = `whsec_${bytes.toString('base64')}`;
const body = Buffer.from('{"a": 1}');

const endpointWith = (scheme: Scheme, timestampHeader: string | null = null, ...keys: Uint8Array[]) => ({
  scheme,
  keys: keys.length > 0 ? keys : [bytes],
  signatureHeaders: ['x-signature-256', 'x-signature'],
  timestampHeader,
});
const hex = (text: Uint8Array | string, key: Uint8Array = bytes): string =>
  createHmac('sha256', key).update(text).digest('hex');

function standard(change: Readonly<Record<string, string>> = {}, id = 'msg_1'): Headers {
  const signature = new Webhook(whsec).sign(id, new Date(now), body.toString());
  return new Headers({
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': signature,
    ...change,
  });
}

test('the example that GitHub gives in its documentation', () => {
  const headers = new Headers({
    'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  });
  const github = endpointWith('github', null, Buffer.from("It's a Secret to Everybody"));
  expect(isSigned(github, { headers, body: Buffer.from('Hello, World!') }, now)).toBe(true);
  expect(isSigned(github, { headers, body: Buffer.from('Hello, World.') }, now)).toBe(false);
});

test('what the package of Standard Webhooks signs is taken, and what we sign it takes', () => {
  expect(isSigned(endpointWith('standard'), { headers: standard(), body }, now)).toBe(true);
  const at = Math.floor(Date.now() / 1_000);
  const ours = signStandard(bytes, { id: 'dlv_1', seconds: at, body: '{"ä":"\u{1f600}"}' });
  const headers = { 'webhook-id': 'dlv_1', 'webhook-timestamp': String(at), 'webhook-signature': ours };
  expect(new Webhook(whsec).verify('{"ä":"\u{1f600}"}', headers)).toEqual({ ä: '\u{1f600}' });
});

test('one of several signatures is enough, and only of the version that is known', () => {
  const good = standard().get('webhook-signature') ?? '';
  const isTaken = (signature: string): boolean =>
    isSigned(endpointWith('standard'), { headers: standard({ 'webhook-signature': signature }), body }, now);
  expect(isTaken(`v1,AAAA v1a,BBBB ${good}`)).toBe(true);
  expect(isTaken(good.replace('v1,', 'v2,'))).toBe(false);
  expect(isTaken(good.replace('v1,', ''))).toBe(false);
  expect(isTaken(`${'v1,AAAA '.repeat(10)}${good}`)).toBe(false);
});

test('while a secret changes both are good, and no third', () => {
  const old = Buffer.from('the key before this one.');
  const signedBy = (key: Uint8Array): Headers =>
    new Headers({ 'x-hub-signature-256': `sha256=${hex(body, key)}` });
  const rotating = endpointWith('github', null, bytes, old);
  expect(isSigned(rotating, { headers: signedBy(bytes), body }, now)).toBe(true);
  expect(isSigned(rotating, { headers: signedBy(old), body }, now)).toBe(true);
  expect(isSigned(rotating, { headers: signedBy(Buffer.from('another key')), body }, now)).toBe(false);
  expect(isSigned(endpointWith('github'), { headers: signedBy(old), body }, now)).toBe(false);
});

test.each(['hex', 'base64', 'base64url'] as const)(
  'a plain HMAC in %s, with the name of the hash or without',
  (how) => {
    const mac = Buffer.from(hex(body), 'hex').toString(how);
    for (const given of [mac, `sha256=${mac}`]) {
      const headers = new Headers({ 'x-signature-256': given });
      expect(isSigned(endpointWith('hmac-sha256'), { headers, body }, now)).toBe(true);
    }
  },
);

test('GitHub signs in hex behind the name of the hash, Standard Webhooks in base 64: not the other way round', () => {
  const mac = Buffer.from(hex(body), 'hex');
  for (const given of [`sha256=${mac.toString('base64')}`, mac.toString('hex')]) {
    const headers = new Headers({ 'x-hub-signature-256': given });
    expect(isSigned(endpointWith('github'), { headers, body }, now)).toBe(false);
  }
  const text = Buffer.concat([Buffer.from(`msg_1.${seconds}.`), body]);
  const headers = standard({ 'webhook-signature': `v1,${hex(text)}` });
  expect(isSigned(endpointWith('standard'), { headers, body }, now)).toBe(false);
});

test('a time that is signed has to be of these five minutes', () => {
  const timed = endpointWith('hmac-sha256', 'x-time');
  const isTaken = (time: string): boolean => {
    const mac = hex(Buffer.concat([Buffer.from(`${time}.`), body]));
    return isSigned(timed, { headers: new Headers({ 'x-time': time, 'x-signature-256': mac }), body }, now);
  };
  const at = (offset: number): string => String(now / 1_000 + offset);
  expect([0, 300, -300].map((offset) => isTaken(at(offset)))).toEqual([true, true, true]);
  expect([301, -301].map((offset) => isTaken(at(offset)))).toEqual([false, false]);
  for (const odd of ['', '-1', '0', '1e9', ' ', `${at(0)}.0`, `0${at(0)}`, String(now)])
    expect(isTaken(odd)).toBe(false);
  const untimed = new Headers({ 'x-time': seconds, 'x-signature-256': hex(body) });
  expect(isSigned(timed, { headers: untimed, body }, now)).toBe(false);
});

test('an id with a dot in it could be another id with another time', () => {
  expect(isSigned(endpointWith('standard'), { headers: standard({}, 'msg.1'), body }, now)).toBe(false);
  expect(isSigned(endpointWith('standard'), { headers: standard({}, 'x'.repeat(257)), body }, now)).toBe(
    false,
  );
});

test('whatever stands in the headers: no exception, and not taken', () => {
  const value = fc.stringMatching(/^[\x21-\x7e](?:[\x20-\x7e]{0,90}[\x21-\x7e])?$/);
  const near = fc
    .tuple(fc.constantFrom(hex(body), Buffer.from(hex(body), 'hex').toString('base64')), fc.nat(70), value)
    .map(([mac, at, more]) => mac.slice(0, at) + more);
  fc.assert(
    fc.property(
      fc.oneof(value, near),
      value,
      fc.constantFrom<Scheme>('standard', 'github', 'hmac-sha256'),
      (signature, other, scheme) => {
        fc.pre(![hex(body), `sha256=${hex(body)}`].includes(signature));
        const headers = new Headers({
          'webhook-id': other,
          'webhook-timestamp': seconds,
          'webhook-signature': `v1,${signature}`,
          'x-hub-signature-256': signature,
          'x-signature-256': signature,
        });
        expect(isSigned(endpointWith(scheme), { headers, body }, now)).toBe(false);
      },
    ),
  );
});

test('the id is made of what is signed only', () => {
  const github = endpointWith('github');
  const idWith = (delivery: string): string =>
    eventIdOf(github, { headers: new Headers({ 'x-github-delivery': delivery }), body });
  expect(idWith('1')).toBe(idWith('2'));
  expect(idWith('1')).toMatch(/^[0-9a-f]{32}$/);
  expect(eventIdOf(github, { headers: new Headers(), body: Buffer.from('other') })).not.toBe(idWith('1'));
  expect(eventIdOf(endpointWith('standard'), { headers: standard(), body })).toBe('msg_1');
  const later = standard({ 'webhook-timestamp': '1790000200' });
  expect(eventIdOf(endpointWith('standard'), { headers: later, body })).toBe('msg_1');
  const long = standard({}, `msg/${'x'.repeat(100)}`);
  expect(eventIdOf(endpointWith('standard'), { headers: long, body })).toMatch(/^[0-9a-f]{32}$/);
  const timed = endpointWith('hmac-sha256', 'x-time');
  const at = (time: string): string => eventIdOf(timed, { headers: new Headers({ 'x-time': time }), body });
  expect(at('1')).not.toBe(at('2'));
});
