import {
  type Call,
  type Delivery,
  field,
  phoneNumberId,
  shownText,
  startFakeGraph,
} from '#test/fakes/graph/index.ts';
import { textIn } from '#test/fakes/graph/wire.ts';
import { answerWord, lastWord, messagesIn } from '../../committed.ts';
import type { Channel, Front } from './channel.ts';
import type { Recorder } from '../recorder.ts';

const mark = '(possibly repeated)';

/** Numbers of three people, each with a direct chat. */
const numbers: Readonly<Record<string, readonly string[]>> = {
  ann: [7, 11, 12, 13, 14, 15, 16, 17].map(numberOf),
  bob: [21, 22, 23, 24, 25, 26].map(numberOf),
  cat: [31, 32, 33, 34, 35, 36].map(numberOf),
};
const token = 'EAAJB-TEST-token-of-the-fake-graph-0123456789';
const appSecret = 'TEST-app-secret-of-the-fake-graph';
const verifyToken = 'TEST-verify-token-of-the-fake-graph';
/** Between doing and answering: so long a send is open. */
const latencyMs = 3;

export async function createWhatsAppCloudChannel(recorder: Recorder, front: Front): Promise<Channel> {
  const said = new Map<string, Delivery>();
  const messageByDelivery = new Map<Delivery, string>();
  const graph = await startFakeGraph({ token, appSecret, onSent, onAcknowledged });
  graph.latencyMs = latencyMs;
  const apiRoot = await front(graph.url);
  const secrets = `token: "${token}", appSecret: "${appSecret}", verifyToken: "${verifyToken}"`;

  return {
    name: 'whatsapp',
    config: `{ mode: cloud, phoneNumberId: "${phoneNumberId}", ${secrets}, apiRoot: "${apiRoot}" }`,
    people: Object.fromEntries(
      Object.entries(numbers).map(([name, all]) => [name, all.map((number) => `whatsapp:${number}`)]),
    ),
    chats: Object.values(numbers)
      .flat()
      .map((number) => `whatsapp:${number}`),
    approves: true,
    follow: (address) => graph.follow(address === null ? null : hookOf(address.url)),
    say: ({ chat, message, text, tools }) => {
      recorder.add({ type: 'said', at: Date.now(), chat, message, tools });
      const delivery = graph.say(text, { from: numberIn(chat) });
      said.set(message, delivery);
      messageByDelivery.set(delivery, message);
      return Promise.resolve();
    },
    again: (message) => {
      const delivery = said.get(message);
      if (delivery !== undefined) graph.again(delivery);
      return Promise.resolve();
    },
    startAnew: (chat) => {
      graph.say('/new', { from: numberIn(chat) });
      return Promise.resolve();
    },
    close: () => graph.close(),
  };

  function onAcknowledged(delivery: Delivery): void {
    const message = messageByDelivery.get(delivery);
    if (message !== undefined) recorder.add({ type: 'acknowledged', at: Date.now(), message });
  }

  function onSent(call: Call, place: string): void {
    const number = textIn(call.body['to']);
    const approval = buttonIn(call.body, '/approve ');
    // Whoever is asked says yes, each time that he is asked.
    if (approval !== null) graph.press(place, approval, { from: number });
    const text = shownText(call.body) ?? '';
    const marked = text.includes(mark);
    const words = text.replace(mark, '').trimEnd();
    // Tiro's own words, such as what is to be approved, answer nothing.
    const messages = words.startsWith(answerWord.start) ? messagesIn(words) : [];
    const sighting = {
      at: call.at,
      kind: 'new',
      chat: `whatsapp:${number}`,
      place,
      marked,
      messages,
    } as const;
    call.onAnswered = recorder.sent({ ...sighting, whole: words.endsWith(lastWord) }, null);
  }
}

function hookOf(url: string): (body: string, headers: Readonly<Record<string, string>>) => Promise<number> {
  return async (body, headers) => {
    const response = await fetch(`${url}/hooks/whatsapp`, { method: 'POST', body, headers });
    await response.arrayBuffer();
    return response.status;
  };
}

function buttonIn(body: Call['body'], start: string): string | null {
  const buttons = field(field(body['interactive'], 'action'), 'buttons');
  const values = Array.isArray(buttons)
    ? buttons.map((button: unknown) => textIn(field(field(button, 'reply'), 'id')))
    : [];
  return values.find((value) => value.startsWith(start)) ?? null;
}

function numberOf(person: number): string {
  return `165055512${String(person).padStart(2, '0')}`;
}

function numberIn(chat: string): string {
  return chat.slice(chat.indexOf(':') + 1);
}
