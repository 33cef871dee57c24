import { generateKeyPairSync } from 'node:crypto';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import { createTransport } from 'nodemailer';
import { describe, expect, test } from 'vitest';
import { createHastyClock } from '#test/fakes/sink.ts';
import { readFrom } from './address.ts';
import { readHeaders } from './headers.ts';
import { type Proof, type Resolve, proveSender } from './proof.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const record = `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;

/** Names and their TXT records; `broken` answers with no answer. */
function zone(records: Readonly<Record<string, string>>): Resolve {
  return async (name, type) => {
    const found = type === 'TXT' ? records[name] : undefined;
    if (found === 'broken')
      throw Object.assign(new Error(`queryTxt ESERVFAIL ${name}`), { code: 'ESERVFAIL' });
    if (found === undefined)
      throw Object.assign(new Error(`queryTxt ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
    return [[found]];
  };
}

interface Signed {
  readonly from?: string;
  readonly domain?: string | null;
  readonly headerFieldNames?: string;
}

async function mail({
  from = 'ann@x.test',
  domain = 'x.test',
  headerFieldNames,
}: Signed = {}): Promise<string> {
  const signing =
    domain === null
      ? {}
      : {
          dkim: {
            domainName: domain,
            keySelector: 's1',
            privateKey: key,
            ...(headerFieldNames === undefined ? {} : { headerFieldNames }),
          },
        };
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'crlf', ...signing });
  const { message } = await transport.sendMail({
    from,
    to: 'bot@local.test',
    subject: 'Hello',
    text: 'please do it',
  });
  if (!Buffer.isBuffer(message)) throw new Error('No buffer.');
  return message.toString();
}

function prove(raw: string, records: Readonly<Record<string, string>>): Promise<Proof> {
  const headers = readHeaders(Buffer.from(raw));
  const from = readFrom(headers.get('from') ?? '');
  if (from.type !== 'one') throw new Error(from.why);
  const deps = { clock: createHastyClock(), resolve: zone(records) };
  return proveSender(
    deps,
    { raw: Buffer.from(raw), headers, from: from.mailbox, arrivedAt: Date.now() },
    { trustedAuthserv: null, signal: new AbortController().signal },
  );
}

const keys = { 's1._domainkey.x.test': record };
const policy = { ...keys, '_dmarc.x.test': 'v=DMARC1; p=reject' };
const proven = { type: 'proven' };
const doubted = { type: 'doubt' };

describe('without a trusted server, the signature is checked here', () => {
  test('signed by its own domain: proven, with a policy and without', async () => {
    expect(await prove(await mail(), policy)).toEqual(proven);
    expect(await prove(await mail(), keys)).toEqual(proven);
  });

  test('abuse/B14 not signed: doubted, whatever it says of itself', async () => {
    const raw = await mail({ domain: null });
    expect(await prove(raw, policy)).toMatchObject(doubted);
    expect(
      await prove(`Authentication-Results: mx.x.test; dmarc=pass header.from=x.test\r\n${raw}`, policy),
    ).toMatchObject(doubted);
  });

  test('changed on the way: doubted', async () => {
    const raw = await mail();
    expect(await prove(raw.replace('please', 'PLEASE'), policy)).toMatchObject(doubted);
    expect(await prove(raw.replace('Subject: Hello', 'Subject: Other'), policy)).toMatchObject(doubted);
    expect(await prove(raw.replace('bot@local.test', 'bob@local.test'), policy)).toMatchObject(doubted);
  });

  test('abuse/B16 signed by another domain: doubted', async () => {
    const evil = { ...policy, 's1._domainkey.evil.test': record, '_dmarc.evil.test': 'v=DMARC1; p=none' };
    expect(await prove(await mail({ domain: 'evil.test' }), evil)).toMatchObject(doubted);
    expect(
      await prove(await mail({ domain: 'evil.test' }), { 's1._domainkey.evil.test': record }),
    ).toMatchObject(doubted);
    expect(
      await prove(await mail({ domain: 'notx.test' }), { 's1._domainkey.notx.test': record }),
    ).toMatchObject(doubted);
  });

  test('signed by a part of its domain: as the domain says', async () => {
    const sub = { 's1._domainkey.mail.x.test': record };
    const raw = await mail({ domain: 'mail.x.test' });
    expect(await prove(raw, { ...sub, '_dmarc.x.test': 'v=DMARC1; p=reject' })).toEqual(proven);
    expect(await prove(raw, { ...sub, '_dmarc.x.test': 'v=DMARC1; p=reject; adkim=s' })).toMatchObject(
      doubted,
    );
  });

  test('abuse/B16 two who share a public suffix are two, also where it has a DMARC record', async () => {
    const records = { 's1._domainkey.eve.github.io': record, '_dmarc.github.io': 'v=DMARC1; p=none' };
    const raw = await mail({ from: 'ann@ann.github.io', domain: 'eve.github.io' });
    expect(await prove(raw, records)).toMatchObject(doubted);
  });

  test('a look-alike domain is another one', async () => {
    const raw = await mail({ from: 'ann@xn--pypal-4ve.test' });
    expect(await prove(raw, policy)).toMatchObject(doubted);
  });

  test.each([
    ['a comment within a comment', '(a (b) eve@evil.test, ) ann@x.test'],
    ['two in one field', 'ann@x.test (\\) <eve@evil.test>)'],
  ])('abuse/B17 who signed may have read another From than we do: %s', async (_, from) => {
    const evil = { 's1._domainkey.evil.test': record };
    const plain = await mail({ from: 'eve@evil.test', domain: null });
    const raw = plain.replace('From: eve@evil.test', `From: ${from}`);
    const data = { signingDomain: 'evil.test', selector: 's1', privateKey: key };
    const { signatures } = await dkimSign(raw, { ...data, signatureData: [data] });
    expect(await prove(`${signatures}${raw}`, evil)).toMatchObject(doubted);
  });

  test('abuse/B17 a From of its own for who checks the signature: doubted', async () => {
    const folded = (await mail({ from: 'eve@x.test' })).replace('From: ', 'From\r\n : ');
    expect(await prove(`From: ann@x.test\r\n${folded}`, policy)).toMatchObject(doubted);
  });

  test('a key that its domain only tries counts as none', async () => {
    const tried = { 's1._domainkey.x.test': record.replace('k=rsa;', 'k=rsa; t=y;') };
    expect(await prove(await mail(), { ...policy, ...tried })).toMatchObject(doubted);
  });

  test('what a signature leaves open can be changed: doubted', async () => {
    expect(
      await prove(await mail({ headerFieldNames: 'from:date:message-id:subject' }), policy),
    ).toMatchObject(doubted);
    expect(await prove(await mail({ headerFieldNames: 'from:to:date:subject' }), policy)).toMatchObject(
      doubted,
    );
    const all = 'from:to:date:message-id:subject:mime-version:content-type';
    expect(await prove(await mail({ headerFieldNames: all }), policy)).toEqual(proven);
  });

  test('a key that is gone, or weak, or of another: doubted', async () => {
    expect(await prove(await mail(), { '_dmarc.x.test': 'v=DMARC1; p=reject' })).toMatchObject(doubted);
    const other = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({
      type: 'spki',
      format: 'der',
    });
    const wrong = { 's1._domainkey.x.test': `v=DKIM1; k=rsa; p=${other.toString('base64')}` };
    expect(await prove(await mail(), wrong)).toMatchObject(doubted);
  });

  test('DNS that does not answer proves nothing and refuses nothing: later', async () => {
    expect(await prove(await mail(), { 's1._domainkey.x.test': 'broken' })).toMatchObject({ type: 'later' });
    expect(await prove(await mail(), { ...keys, '_dmarc.x.test': 'broken' })).toMatchObject({
      type: 'later',
    });
  });

  test('more signatures than anybody needs are not checked', async () => {
    const raw = `${'DKIM-Signature: v=1; a=rsa-sha256; d=x.test; s=s1; h=from; bh=a; b=b\r\n'.repeat(9)}${await mail()}`;
    expect(await prove(raw, policy)).toMatchObject({ type: 'doubt', why: 'it carries too many signatures' });
  });

  test('a signature over the beginning only: doubted', async () => {
    const raw = await mail({ domain: null });
    const sign = async (maxBodyLength: object): Promise<string> => {
      const data = { signingDomain: 'x.test', selector: 's1', privateKey: key, ...maxBodyLength };
      const { signatures } = await dkimSign(raw, { ...data, signatureData: [data] });
      return `${signatures}${raw}`;
    };
    expect(await prove(await sign({}), policy)).toEqual(proven);
    const open = await sign({ maxBodyLength: 6 });
    expect(await prove(open, policy)).toMatchObject(doubted);
    expect(await prove(`${open}/approve 7F3K\r\n`, policy)).toMatchObject(doubted);
  });
});
