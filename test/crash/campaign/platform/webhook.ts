import {
  asSaid,
  endpointOf,
  messageOf,
  overHttp,
  webhookConfig,
  webhookReceiver,
} from '#test/fakes/webhook/platform.ts';
import type { Called } from '#test/fakes/webhook/receiver.ts';
import { type Message, createSender, eventIdFor } from '#test/fakes/webhook/sender.ts';
import { answerWord, lastWord, messagesIn } from '../../committed.ts';
import { type Channel, type Front, noFront } from './channel.ts';
import type { Recorder } from '../recorder.ts';

const mark = '(possibly repeated)';
/** Programs of three people, each with an endpoint; they take turns with the schemes. */
const people: Readonly<Record<string, readonly number[]>> = {
  ann: [0, 1, 2, 3, 4, 5],
  bob: [6, 7, 8, 9, 10, 11],
  cat: [12, 13, 14, 15, 16, 17],
};
/** Between doing and answering: so long a call-back is open. */
const latencyMs = 3;

/** Programs that tell what happened until they are heard, and are called back. */
export async function createWebhookChannel(recorder: Recorder, front: Front = noFront): Promise<Channel> {
  const nameOfMessage = new Map<string, string>();
  const said = new Map<string, Message>();
  const receiver = await webhookReceiver({ latencyMs, onCalled: show });
  const sender = createSender({ onHeard });
  const url = await front(receiver.url);
  const programs = Object.values(people).flat();

  return {
    name: 'webhook',
    config: webhookConfig(programs.map(endpointOf), url),
    people: Object.fromEntries(
      Object.entries(people).map(([name, own]) => [name, own.map((program) => `webhook:p${program}`)]),
    ),
    chats: programs.map((program) => `webhook:p${program}`),
    approves: false,
    follow: (address) => sender.follow(address === null ? null : overHttp(address.url)),
    say: ({ chat, message, text, tools }) => {
      const told = messageOf(Number(chat.slice('webhook:p'.length)), text);
      // Each event is a conversation of its own, and only within one there is an order.
      recorder.add({ type: 'said', at: Date.now(), chat: `${chat}/${eventIdFor(told)}`, message, tools });
      said.set(message, told);
      nameOfMessage.set(told.id, message);
      sender.send(told);
      return Promise.resolve();
    },
    again: (message) => {
      const told = said.get(message);
      if (told !== undefined) sender.send(told);
      return Promise.resolve();
    },
    startAnew: () => Promise.resolve(),
    close: async () => {
      sender.close();
      await receiver.close();
    },
  };

  function onHeard({ id }: Message): void {
    const message = nameOfMessage.get(id);
    if (message !== undefined) recorder.add({ type: 'acknowledged', at: Date.now(), message });
  }

  function show(called: Called): void {
    const { at, event, delivery } = called;
    const text = asSaid(called.text);
    const marked = text.includes(mark);
    const words = text.replace(mark, '').trimEnd();
    // Tiro's own words answer nothing.
    const messages = words.startsWith(answerWord.start) ? messagesIn(words) : [];
    const sighting = {
      at,
      kind: 'new',
      chat: `webhook:${event}`,
      place: delivery,
      marked,
      messages,
    } as const;
    called.onAnswered = recorder.sent({ ...sighting, whole: words.endsWith(lastWord) }, null);
  }
}
