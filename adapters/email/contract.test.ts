import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { ChatAddress } from '#core/address.ts';
import { inboundEventSchema } from '#core/event.ts';
import { type AdapterSubject, type Fixture, testAdapter } from '#test/contract/adapter.ts';
import { type Dovecot, needsDovecot, password, startDovecot } from '#test/fakes/mail/dovecot.ts';
import { type Exchanger, startExchanger } from '#test/fakes/mail/exchanger.ts';
import { authserv, letter } from '#test/fakes/mail/letter.ts';
import { buildEmail } from './index.ts';
import { seenMark } from './receive.ts';

const need = needsDovecot();
/** What the clock of the suite says: mail comes in then. */
const now = 1_790_000_000_000;
let dovecot: Dovecot;
let mailboxes = 0;

beforeAll(async () => {
  if (!need.skip) dovecot = await startDovecot();
});
afterAll(async () => {
  if (!need.skip) await dovecot.close();
});
beforeEach(({ skip }) => skip(need.skip, need.reason));

testAdapter({
  name: 'email',
  setup: async () => {
    mailboxes += 1;
    const exchanger = await startExchanger();
    return { subject: subjectFor(`bot${mailboxes}`, exchanger), teardown: () => exchanger.close() };
  },
});

function subjectFor(user: string, exchanger: Exchanger): AdapterSubject {
  const server = (port: number): object => ({ host: '127.0.0.1', port, secure: false, user, password });
  const settings = {
    address: 'bot@local.test',
    imap: server(dovecot.imapPort),
    smtp: server(exchanger.port),
    trustedAuthserv: authserv,
  };
  let count = 0;
  let isHanging = false;
  return {
    create: (deps) => buildEmail(deps, settings),
    secrets: [password],
    addresses: [address('ann@x.test', 'root-1@x.test'), address('bob@y.test', 'root-2@y.test')],
    fixtures: readFixtures(),
    deliver: (payload) =>
      dovecot.put(user, typeof payload === 'string' ? payload : JSON.stringify(payload), now),
    say: (text, { chat, thread }) => {
      count += 1;
      const headers = [`References: <${thread ?? ''}>`];
      const messageId = `<${count}@x.test>`;
      dovecot.put(user, letter({ from: chat, text, headers, messageId }), now);
    },
    sayAsBot: (text) => dovecot.put(user, letter({ from: 'bot@local.test', text }), now),
    acknowledged: () => dovecot.marked(user, seenMark),
    shown: ({ chat }) => exchanger.taken.filter(({ to }) => to === chat).map(({ text }) => text),
    fault: (kind) => {
      isHanging = kind === 'hang';
      const troubles = {
        'rate-limited': 'too-fast',
        'server-error': 'busy',
        forbidden: 'unknown-address',
        'lost-answer': 'drop',
        hang: 'hang',
      } as const;
      exchanger.failNext(troubles[kind]);
    },
    // Before the mail itself is there, an abort loses nothing.
    sendCalls: () => (isHanging ? exchanger.hanging() : exchanger.calls()),
    errorByFault: {
      'rate-limited': 'rate-limited',
      'server-error': 'transient',
      forbidden: 'permanent',
      'lost-answer': 'unknown',
    },
    forged: null,
    rawOf: (payload) => {
      const envelope: unknown = expect.objectContaining({ bytes: Buffer.byteLength(String(payload)) });
      return envelope;
    },
  };
}

function address(chat: string, thread: string): ChatAddress {
  return { channel: 'email', chat, thread };
}

/** A mail as a file, and the event that it becomes beside it; no such file: none. */
function readFixtures(): readonly Fixture[] {
  const folder = `${import.meta.dirname}/fixtures`;
  const schema = inboundEventSchema.omit({ raw: true });
  const files = readdirSync(folder).toSorted();
  return files
    .filter((file) => file.endsWith('.eml'))
    .map((file) => {
      const name = file.slice(0, -'.eml'.length);
      const payload = readFileSync(`${folder}/${file}`, 'utf8').replaceAll('\n', '\r\n');
      const hasEvent = files.includes(`${name}.json`);
      const event = hasEvent
        ? schema.parse(JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8')))
        : null;
      return { name, payload, event };
    });
}
