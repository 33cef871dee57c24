import type { proto } from 'baileys';
import { type Call, type FakeWhatsApp, startFakeWhatsApp, textOf } from '#test/fakes/whatsapp/index.ts';
import { newId } from '#test/fakes/whatsapp/wire/stanza.ts';
import { answerWord, lastWord, messagesIn } from '../../committed.ts';
import { type Channel, type Front, noFront } from './channel.ts';
import type { Recorder } from '../recorder.ts';

const mark = '(possibly repeated)';
/** Numbers of three people, each with a direct chat, and two groups in which the first talks. */
const people: Readonly<Record<string, readonly string[]>> = {
  ann: [1, 2, 3, 4, 5, 6].map(numberOf),
  bob: [11, 12, 13, 14, 15, 16].map(numberOf),
  cat: [21, 22, 23, 24, 25, 26].map(numberOf),
};
const groups: readonly string[] = ['120363000000000001@g.us', '120363000000000002@g.us'];
/** Between doing and answering: so long a send is open. */
const latencyMs = 3;

export async function createWhatsAppChannel(recorder: Recorder, front: Front = noFront): Promise<Channel> {
  const idOf = new Map<string, string>();
  const messageOf = new Map<string, string>();
  const fake = await startFakeWhatsApp({ onDone, onAcknowledged });
  fake.latencyMs = latencyMs;
  const server = await front(fake.url);
  const rootKey = Buffer.from(fake.rootKey).toString('base64');
  for (const number of Object.values(people).flat()) fake.phone(number);

  return {
    name: 'whatsapp',
    config: `{ mode: web, server: "${server}", rootKey: "${rootKey}" }`,
    people: Object.fromEntries(
      Object.entries(people).map(([name, numbers]) => [name, numbers.map((number) => `whatsapp:${number}`)]),
    ),
    chats: [...Object.values(people).flat(), ...groups].map((chat) => `whatsapp:${chat}`),
    approves: true,
    follow: () => undefined,
    say: ({ chat, message, text, tools }) => {
      recorder.add({ type: 'said', at: Date.now(), chat, message, tools });
      const id = newId();
      idOf.set(message, id);
      messageOf.set(id, message);
      void sayIn(fake, chat.slice(chat.indexOf(':') + 1), { text, id });
      return Promise.resolve();
    },
    again: (message) => {
      fake.again(idOf.get(message) ?? '');
      return Promise.resolve();
    },
    startAnew: (chat) => {
      void sayIn(fake, chat.slice(chat.indexOf(':') + 1), { text: '/new' });
      return Promise.resolve();
    },
    close: fake.close,
  };

  function onAcknowledged(id: string): void {
    const message = messageOf.get(id);
    if (message !== undefined) recorder.add({ type: 'acknowledged', at: Date.now(), message });
  }

  function onDone(
    call: Call,
    shown: {
      readonly chat: string;
      readonly id: string;
      readonly message: proto.IMessage;
      readonly kind: 'new' | 'edit';
    },
  ): void {
    const text = textOf(shown.message);
    // Whoever is asked says yes, each time that he is asked.
    const asked = /approve [0-9A-Z]{4}/.exec(text)?.[0];
    if (asked !== undefined) void sayIn(fake, shown.chat, { text: asked });
    const marked = text.includes(mark);
    const words = text.replace(mark, '').trimEnd();
    // Tiro's own words, such as what is to be approved, answer nothing.
    const messages = words.startsWith(answerWord.start) ? messagesIn(words) : [];
    const { kind, id: place } = shown;
    const sighting = { at: call.at, kind, chat: `whatsapp:${shown.chat}`, place, marked, messages };
    call.onAnswered = recorder.sent({ ...sighting, whole: words.endsWith(lastWord) }, null);
  }
}

/** In a group it is the first of the people who talks, and names the bot; a command stands alone. */
function sayIn(
  fake: FakeWhatsApp,
  chat: string,
  { text, id = newId() }: { readonly text: string; readonly id?: string },
): Promise<string> {
  if (!chat.endsWith('@g.us')) return fake.say(fake.phone(chat), text, { id });
  const contextInfo = { mentionedJid: [fake.owner.jid] };
  const message = { extendedTextMessage: { text: `@${fake.owner.user} ${text}`, contextInfo } };
  return fake.say(fake.phone(numberOf(1)), '', { group: chat, id, message });
}

function numberOf(person: number): string {
  return String(4_917_000_000_000 + person);
}
