import { messageOf } from '#core/errors.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { orAborted, within } from '#lib/net/within.ts';
import { type Mailbox, normalAddress } from './address.ts';
import type { Headers } from './headers.ts';
import { readAuthResults } from './results.ts';

/** DNS, as `dns.promises.resolve` answers: records, or an error with a code such as ENOTFOUND. */
export type Resolve = (name: string, type: string) => Promise<string[] | string[][]>;

export type Proof =
  | { readonly type: 'proven' }
  | { readonly type: 'doubt'; readonly why: string }
  /** DNS gave no answer: the same mail may be proven later. */
  | { readonly type: 'later'; readonly why: string };

export interface ProofDeps {
  readonly clock: Pick<ClockPort, 'after'>;
  readonly resolve: Resolve;
}

export interface Signed {
  readonly raw: Uint8Array;
  readonly headers: Headers;
  readonly from: Mailbox;
  /** Epoch ms: a signature must hold then, however long the gateway was away. */
  readonly arrivedAt: number;
}

const mostSignatures = 8;
/** Others wait meanwhile: whose DNS is slower is asked again later. */
const checkMs = 10_000;
/** Fields that say whose words these are, to whom, and which mail it is: unsigned, they could be changed on a replay. */
const mustBeSigned = ['from', 'subject', 'date', 'message-id', 'to', 'cc'];

/**
 * Whether the mail is of the domain in its From. With `trustedAuthserv`: what that server wrote on top, and nothing else.
 * Without: its DKIM signatures, checked here, in line with the From domain as its DMARC record asks. SPF is no proof
 * here, since the connection that it is about is not known.
 */
export async function proveSender(
  deps: ProofDeps,
  mail: Signed,
  by: { readonly trustedAuthserv: string | null; readonly signal: AbortSignal },
): Promise<Proof> {
  const { trustedAuthserv, signal } = by;
  if (trustedAuthserv !== null) return byResults(mail, trustedAuthserv.toLowerCase());
  if (mail.headers.count('dkim-signature') === 0) return doubt('it carries no DKIM signature');
  if (mail.headers.count('dkim-signature') > mostSignatures) return doubt('it carries too many signatures');
  try {
    return await within({ clock: deps.clock, ms: checkMs, signal }, (both) =>
      orAborted(bySignature(deps, mail), both, () => new Error('it took too long')),
    );
  } catch (error) {
    return { type: 'later', why: `its signature could not be checked: ${messageOf(error)}` };
  }
}

function byResults(
  { headers, from }: { readonly headers: Headers; readonly from: Mailbox },
  server: string,
): Proof {
  const top = headers.get('authentication-results');
  if (top === null) return doubt('no mail server vouched for its sender');
  const results = readAuthResults(top);
  if (results === null || results.server !== server) {
    return doubt('the topmost Authentication-Results is not of the trusted mail server');
  }
  const found = results.methods.filter(({ method }) => method === 'dmarc');
  const [dmarc] = found;
  if (dmarc === undefined) return doubt('the trusted mail server says nothing of DMARC');
  if (found.length > 1) return doubt('the trusted mail server says two things of DMARC');
  if (dmarc.result !== 'pass') return doubt(`DMARC: ${dmarc.result}`);
  const domain = dmarc.properties.get('header.from')?.toLowerCase().replace(/^.*@/, '');
  if (domain !== from.domain) return doubt('DMARC passed for another domain than that of its From');
  return { type: 'proven' };
}

async function bySignature(
  { resolve }: ProofDeps,
  { raw, headers, from, arrivedAt }: Signed,
): Promise<Proof> {
  const { dkimVerify } = await import('mailauth/lib/dkim/verify.js');
  const { dmarc } = await import('mailauth/lib/dmarc/index.js');
  const { results, headerFrom, fromFields } = await dkimVerify(
    Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength),
    {
      resolver: resolve,
      minBitLength: 1_024,
      rejectRsaSha1: true,
      curTime: new Date(arrivedAt),
    },
  );
  const [author = '', ...others] = headerFrom;
  if (fromFields !== 1 || others.length > 0 || normalAddress(author) !== from.address)
    return doubt('its From can be read in two ways');
  // A key under test (t=y) counts as none (RFC 6376, 3.6.1).
  const passed = results.filter(({ status }) => status.result === 'pass' && status.testing !== true);
  const whole = passed.filter(
    (one) => one.canonBodyLengthLimited !== true && one.signatureTimeValid !== false,
  );
  const sound = whole.filter((one) => openIn(one.signingHeaders?.keys ?? '', headers).length === 0);
  if (sound.length === 0) {
    if (results.some(({ status }) => status.result.startsWith('temperr'))) return later;
    if (passed.length === 0) return doubt('no DKIM signature of it is good');
    const open = whole.flatMap((one) => openIn(one.signingHeaders?.keys ?? '', headers));
    return doubt(
      `its DKIM signature leaves parts of it open (${open.slice(0, 8).join(', ') || 'its end or its time'})`,
    );
  }
  // Below a public suffix with a DMARC record of its own, as of a hoster, DMARC takes everybody for one organisation.
  const aligned = sound.filter(({ status }) => typeof status.aligned === 'string');
  const verdict = await dmarc({
    headerFrom: [from.address],
    fromFields: 1,
    spfDomains: [],
    dkimDomains: aligned.flatMap(({ signingDomain }) =>
      signingDomain === undefined ? [] : [{ domain: signingDomain }],
    ),
    resolver: resolve,
  });
  const said = verdict === false ? 'none' : verdict.status.result;
  if (said === 'pass') return { type: 'proven' };
  if (said.startsWith('temperr')) return later;
  // A domain without a policy: its own signature, or that of the organisation it belongs to.
  return said === 'none' && aligned.length > 0
    ? { type: 'proven' }
    : doubt('its DKIM signature is of another domain than its From');
}

/** Fields that are there and that nobody signed. */
function openIn(keys: string, headers: Headers): readonly string[] {
  const signed = new Set(keys.toLowerCase().split(/\s*:\s*/));
  return mustBeSigned.filter((name) => !signed.has(name) && headers.count(name) > 0);
}

const later: Proof = { type: 'later', why: 'DNS gave no answer about its signature' };

function doubt(why: string): Proof {
  return { type: 'doubt', why };
}
