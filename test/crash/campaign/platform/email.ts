import { password, startDovecot } from '#test/fakes/mail/dovecot.ts';
import { type Taken, startExchanger } from '#test/fakes/mail/exchanger.ts';
import { authserv, letter } from '#test/fakes/mail/letter.ts';
import { seenMark } from '#adapters/email/receive.ts';
import { answerWord, lastWord, messagesIn } from '../../committed.ts';
import type { Channel, Front } from './channel.ts';
import { noFront } from './channel.ts';
import type { Recorder } from '../recorder.ts';

const mark = '(possibly repeated)';
const box = 'bot';
/** Addresses of three people: each has one thread with the bot. */
const people: Readonly<Record<string, readonly string[]>> = {
  ann: ['ann', 'ann2', 'ann3', 'ann4', 'ann5', 'ann6'],
  bob: ['bob', 'bob2', 'bob3', 'bob4', 'bob5', 'bob6'],
  cat: ['cat', 'cat2', 'cat3', 'cat4', 'cat5', 'cat6'],
};
/** Between doing and answering: so long a send is open. */
const latencyMs = 3;
const lookEveryMs = 20;

export async function createEmailChannel(recorder: Recorder, front: Front = noFront): Promise<Channel> {
  const dovecot = await startDovecot();
  const exchanger = await startExchanger(show);
  exchanger.latencyMs = latencyMs;
  const imapPort = new URL(await front(`imap://127.0.0.1:${dovecot.imapPort}`)).port;
  const smtpPort = new URL(await front(`smtp://127.0.0.1:${exchanger.port}`)).port;
  const server = (port: string): string =>
    `{ host: 127.0.0.1, port: ${port}, secure: false, user: ${box}, password: "${password}" }`;
  const byFile = new Map<string, string>();
  const rawOf = new Map<string, string>();
  let count = 0;
  const looking = setInterval(look, lookEveryMs);

  return {
    name: 'email',
    config: `{ address: bot@local.test, imap: ${server(imapPort)}, smtp: ${server(smtpPort)}, trustedAuthserv: ${authserv}, mostPerHour: 10000 }`,
    people: Object.fromEntries(
      Object.entries(people).map(([name, ids]) => [name, ids.map((id) => `email:${id}@x.test`)]),
    ),
    chats: Object.values(people)
      .flat()
      .map((id) => `email:${id}@x.test`),
    approves: true,
    follow: () => undefined,
    say: ({ chat, message, text, tools }) => {
      recorder.add({ type: 'said', at: Date.now(), chat, message, tools });
      const raw = written(chat, text);
      rawOf.set(message, raw);
      byFile.set(dovecot.put(box, raw), message);
      return Promise.resolve();
    },
    again: (message) => {
      const raw = rawOf.get(message);
      if (raw !== undefined) byFile.set(dovecot.put(box, raw), message);
      return Promise.resolve();
    },
    startAnew: (chat) => {
      dovecot.put(box, written(chat, '/new'));
      return Promise.resolve();
    },
    close: async () => {
      clearInterval(looking);
      await exchanger.close();
      await dovecot.close();
    },
  };

  function written(chat: string, text: string): string {
    count += 1;
    const address = chat.slice('email:'.length);
    return letter({
      from: address,
      text,
      messageId: `<said-${count}@x.test>`,
      headers: [`References: <root-${address}>`],
    });
  }

  /** What carries the mark is acknowledged. */
  function look(): void {
    for (const file of dovecot.filesWith(box, seenMark)) {
      const message = byFile.get(file);
      if (message === undefined) continue;
      byFile.delete(file);
      recorder.add({ type: 'acknowledged', at: Date.now(), message });
    }
  }

  function show(mail: Taken): void {
    const chat = `email:${mail.to}`;
    const { text } = mail;
    // Whoever is asked says yes, each time that he is asked.
    const asked = /Approval ([0-9A-Z]{4}):/.exec(text)?.[1];
    if (asked !== undefined) dovecot.put(box, written(chat, `/approve ${asked}`));
    const marked = text.includes(mark);
    const words = text.replace(mark, '').trimEnd();
    // Tiro's own words, such as what is to be approved, answer nothing.
    const messages = words.startsWith(answerWord.start) ? messagesIn(words) : [];
    const place = /^Message-ID: <([^>]+)>/im.exec(mail.raw)?.[1] ?? '';
    const sighting = { at: mail.at, kind: 'new', chat, place, marked, messages } as const;
    mail.onAnswered = recorder.sent({ ...sighting, whole: words.endsWith(lastWord) }, null);
  }
}
