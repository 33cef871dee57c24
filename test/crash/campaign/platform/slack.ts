import {
  bot,
  buttonsOf,
  type Call,
  type Delivery,
  directOf,
  field,
  type Said,
  shownText,
  startFakeSlack,
} from '#test/fakes/slack/index.ts';
import { answerWord, lastWord, messagesIn } from '../../committed.ts';
import { type Channel, type Front, noFront } from './channel.ts';
import type { Recorder } from '../recorder.ts';

const mark = '(possibly repeated)';

/** Users of three people, each with a direct chat, and two channels in which the first talks. */
const users: Readonly<Record<string, readonly string[]>> = {
  ann: ['U7', 'U11', 'U12', 'U13', 'U14', 'U15'],
  bob: ['U21', 'U22', 'U23', 'U24', 'U25', 'U26'],
  cat: ['U31', 'U32', 'U33', 'U34', 'U35', 'U36'],
};
const groups: readonly string[] = ['C1', 'C2'];
const botToken = 'xoxb-1111-2222-TEST-token-of-the-fake';
const appToken = 'xapp-1-A1-3333-TEST-token-of-the-fake';
/** Between doing and answering: so long a send is open. */
const latencyMs = 3;

export async function createSlackChannel(recorder: Recorder, front: Front = noFront): Promise<Channel> {
  const said = new Map<string, Said>();
  const messageByDelivery = new Map<Delivery, string>();
  const slack = await startFakeSlack({ botToken, appToken, onDone, onAcknowledged });
  slack.latencyMs = latencyMs;
  const url = await front(slack.url);
  const everybody = Object.values(users).flat();

  return {
    name: 'slack',
    config: `{ botToken: "${botToken}", appToken: "${appToken}", apiRoot: "${url}/api/" }`,
    people: Object.fromEntries(
      Object.entries(users).map(([name, ids]) => [name, ids.map((id) => `slack:${bot.team}/${id}`)]),
    ),
    chats: [...everybody.map(directOf), ...groups].map((channel) => `slack:${channel}`),
    approves: true,
    follow: () => undefined,
    say: ({ chat, message, text, tools }) => {
      recorder.add({ type: 'said', at: Date.now(), chat, message, tools });
      const channel = chat.slice(chat.indexOf(':') + 1);
      const spoken = slack.say(text, whoIn(channel));
      said.set(message, spoken);
      for (const delivery of spoken.deliveries) messageByDelivery.set(delivery, message);
      return Promise.resolve();
    },
    again: (message) => {
      for (const delivery of said.get(message)?.deliveries ?? []) slack.again(delivery);
      return Promise.resolve();
    },
    startAnew: (chat) => {
      slack.say('/new', whoIn(chat.slice(chat.indexOf(':') + 1)));
      return Promise.resolve();
    },
    close: () => slack.close(),
  };

  function onAcknowledged(delivery: Delivery): void {
    const message = messageByDelivery.get(delivery);
    if (message !== undefined) recorder.add({ type: 'acknowledged', at: Date.now(), message });
  }

  function onDone(call: Call, result: unknown): void {
    const ts = String(field(result, 'ts'));
    if (call.method === 'chat.postMessage') show(call, 'new', ts);
    if (call.method === 'chat.update') show(call, 'edit', ts);
  }

  function show(call: Call, kind: 'new' | 'edit', place: string): void {
    const channel = call.params['channel'] ?? '';
    const message = slack.chats.find(channel, place);
    if (message === undefined) return;
    const value = buttonsOf(message).map((button) => String(field(button, 'value')));
    const { from } = whoIn(channel);
    // Whoever is asked says yes, each time that he is asked.
    if (value.some((it) => it.startsWith('/approve '))) slack.press(message, '/approve ', from);
    const text = shownText(message);
    const marked = text.includes(mark);
    const words = text.replace(mark, '').trimEnd();
    // Tiro's own words, such as what is to be approved, answer nothing.
    const messages = words.startsWith(answerWord.start) ? messagesIn(words) : [];
    const sighting = { at: call.at, kind, chat: `slack:${channel}`, place, marked, messages };
    call.onAnswered = recorder.sent({ ...sighting, whole: words.endsWith(lastWord) }, null);
  }
}

/** Who talks in a channel, and where. */
function whoIn(channel: string): { readonly from: string; readonly channel: string } {
  return { from: channel.startsWith('D') ? `U${channel.slice(1)}` : 'U7', channel };
}
