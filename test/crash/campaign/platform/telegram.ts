import {
  type Call,
  type FakeTelegram,
  type SayOptions,
  type Update,
  startFakeTelegram,
} from '#test/fakes/telegram/index.ts';
import { answerWord, lastWord, messagesIn } from '../../committed.ts';
import { type Channel, type Front, noFront } from './channel.ts';
import type { Recorder } from '../recorder.ts';

const mark = '(possibly repeated)';

/** Identities of three people, each with chats of their own, and two groups of the first. */
const telegramPeople: Readonly<Record<string, readonly number[]>> = {
  ann: [7, 11, 12, 13, 14, 15],
  bob: [21, 22, 23, 24, 25, 26],
  cat: [31, 32, 33, 34, 35, 36],
};
const groups: readonly number[] = [-1001, -1002];
const token = '123456:TEST-token-of-the-fake-telegram-bot';
/** Between doing and answering: so long a send is open. */
const latencyMs = 3;

/** `without`: methods that the platform does not know, such as drafts. */
export async function createTelegramChannel(
  recorder: Recorder,
  front: Front = noFront,
  without: readonly string[] = [],
): Promise<Channel> {
  const updates = new Map<string, Update>();
  const messageByUpdate = new Map<number, string>();
  let acknowledged = 0;
  const telegram = await startFakeTelegram({ token, onDone, without });
  telegram.latencyMs = latencyMs;
  const url = await front(telegram.url);
  const say = (chat: number, text: string): Update => sayIn(telegram, chat, text);

  return {
    name: 'telegram',
    config: `{ token: "${token}", apiRoot: "${url}" }`,
    people: Object.fromEntries(
      Object.entries(telegramPeople).map(([name, ids]) => [name, ids.map((id) => `telegram:${id}`)]),
    ),
    chats: [...Object.values(telegramPeople).flat(), ...groups].map((id) => `telegram:${id}`),
    approves: true,
    follow: () => undefined,
    say: ({ chat, message, text, tools }) => {
      recorder.add({ type: 'said', at: Date.now(), chat, message, tools });
      const update = say(idOf(chat), text);
      updates.set(message, update);
      messageByUpdate.set(update.update_id, message);
      return Promise.resolve();
    },
    again: (message) => {
      const update = updates.get(message);
      if (update !== undefined) telegram.again(update);
      return Promise.resolve();
    },
    startAnew: (chat) => {
      say(idOf(chat), '/new');
      return Promise.resolve();
    },
    close: () => telegram.close(),
  };

  function onDone(call: Call, result: unknown): void {
    const at = Date.now();
    for (const id of telegram.confirmed.slice(acknowledged)) {
      const message = messageByUpdate.get(id);
      if (message !== undefined) recorder.add({ type: 'acknowledged', at, message });
    }
    acknowledged = telegram.confirmed.length;
    if (call.method === 'sendMessage' || call.method === 'sendRichMessage') show(call, 'new', idIn(result));
    if (call.method === 'editMessageText') show(call, 'edit', String(call.params['message_id']));
  }

  function show(call: Call, kind: 'new' | 'edit', place: string): void {
    const text = JSON.stringify(call.params['rich_message']) ?? String(call.params['text']);
    press(telegram, call, Number(place));
    const marked = text.includes(mark);
    const words = text.replace(mark, '').trimEnd();
    const chat = `telegram:${String(call.params['chat_id'])}`;
    const sighting = { at: call.at, kind, chat, place, marked, messages: namesIn(words) };
    const onAnswered = recorder.sent({ ...sighting, whole: words.endsWith(lastWord) }, null);
    call.onAnswered = onAnswered;
  }
}

function sayIn(telegram: FakeTelegram, id: number, text: string): Update {
  return telegram.userText(text, whoIn(id));
}

/** Who talks in a chat, and where. */
function whoIn(id: number): SayOptions {
  if (id > 0) return { from: { id, first_name: 'Somebody' } };
  const [first = 7] = telegramPeople['ann'] ?? [];
  return { from: { id: first, first_name: 'Ann' }, chat: { id, type: 'supergroup', title: 'A group' } };
}

/** Whoever is asked says yes, each time that he is asked. */
function press(telegram: FakeTelegram, { params }: Call, messageId: number): void {
  const value = /"callback_data":"(\/approve [^"]+)"/.exec(
    JSON.stringify(params['reply_markup'] ?? null),
  )?.[1];
  const id = Number(params['chat_id']);
  if (value !== undefined) telegram.pressButton(value, { ...whoIn(id), messageId });
}

/** Tiro's own words, such as what is to be approved, answer nothing. */
function namesIn(words: string): readonly string[] {
  return words.startsWith(answerWord.start) ? messagesIn(words) : [];
}

function idOf(chat: string): number {
  return Number(chat.slice(chat.indexOf(':') + 1));
}

function idIn(result: unknown): string {
  return typeof result === 'object' && result !== null ? String(Reflect.get(result, 'message_id')) : '';
}
