import {
  type Call,
  type FakeDiscord,
  type Message,
  route,
  startFakeDiscord,
} from '#test/fakes/discord/index.ts';
import { answerWord, lastWord, messagesIn } from '../../committed.ts';
import { type Channel, type Front, noFront } from './channel.ts';
import type { Recorder } from '../recorder.ts';

const mark = '(possibly repeated)';
const token = 'MTAwMDAw.TEST-token-of-the-fake-discord-bot';
/** Between doing and answering: so long a send is open. */
const latencyMs = 3;
const confirmMs = 3_000;
/** Every so many ends of a gateway Discord forgets its sessions: the next has to read back what it missed. */
const forgetEvery = 3;

/** Users of three people, each with a direct channel. */
const people: Readonly<Record<string, readonly string[]>> = {
  ann: [1, 2, 3, 4, 5, 6].map(userOf),
  bob: [11, 12, 13, 14, 15, 16].map(userOf),
  cat: [21, 22, 23, 24, 25, 26].map(userOf),
};
/** A channel and a thread of a server, in which the first of the people speaks. */
const group = '400000000000000011';
const thread = '400000000000000012';

export async function createDiscordChannel(recorder: Recorder, front: Front = noFront): Promise<Channel> {
  const said = new Map<string, Message>();
  const named = new Map<number, string>();
  const discord = await startFakeDiscord({ token, onDone, onAcknowledged });
  discord.latencyMs = latencyMs;
  const url = await front(discord.url);
  discord.addPlace({ id: group, type: 0, name: 'a group', parent: null });
  discord.addPlace({ id: thread, type: 11, name: 'its thread', parent: group });
  const users = new Map(
    Object.values(people)
      .flat()
      .map((user) => [discord.direct(user).id, user]),
  );
  const places = new Map([
    ...[...users.keys()].map((place) => [`discord:${place}`, place] as const),
    [`discord:${group}`, group],
    [`discord:${group}/${thread}`, thread],
  ]);
  const chatOf = new Map([...places].map(([chat, place]) => [place, chat]));
  const shown = new Set<string>();
  /** A direct channel that Discord never told us of cannot be read back. */
  const heard = new Set<string>();
  const confirmed = new Set<string>();
  let isClosed = false;
  let ends = 0;

  return {
    name: 'discord',
    config: `{ token: "${token}", apiRoot: "${url}/api" }`,
    chats: [...places.keys()],
    approves: true,
    people: Object.fromEntries(
      Object.entries(people).map(([name, users]) => [name, users.map((user) => `discord:${user}`)]),
    ),
    follow: (address) => {
      if (address !== null) return;
      ends += 1;
      if (ends % forgetEvery === 0 && heard.size === places.size) discord.forgetSessions();
    },
    say: ({ chat, message, text, tools }) => {
      recorder.add({ type: 'said', at: Date.now(), chat, message, tools });
      const place = places.get(chat) ?? '';
      const spoken = sayIn(place, text);
      said.set(message, spoken.message);
      named.set(spoken.delivery, message);
      return Promise.resolve();
    },
    again: (message) => {
      const before = said.get(message);
      if (before !== undefined) discord.again(before);
      return Promise.resolve();
    },
    startAnew: (chat) => {
      sayIn(places.get(chat) ?? '', '/new');
      return Promise.resolve();
    },
    close: () => {
      isClosed = true;
      return discord.close();
    },
  };

  function sayIn(place: string, text: string): ReturnType<FakeDiscord['say']> {
    return discord.say(text, { place, from: whoIn(place) });
  }

  /** Who talks there. */
  function whoIn(place: string): { readonly id: string; readonly username: string } {
    return { id: users.get(place) ?? userOf(1), username: 'somebody' };
  }

  function onAcknowledged(deliveries: readonly number[]): void {
    const at = Date.now();
    for (const delivery of deliveries) {
      const message = named.get(delivery);
      if (message === undefined) continue;
      heard.add(said.get(message)?.channel_id ?? '');
      recorder.add({ type: 'acknowledged', at, message });
    }
  }

  function onDone(call: Call, result: unknown): void {
    const made = typeof result === 'object' && result !== null ? String(Reflect.get(result, 'id')) : '';
    const [place = '', edited = ''] = call.ids;
    if (call.route.startsWith('POST /interactions/')) confirmed.add(place);
    if (call.route === route.edit && result !== undefined)
      return show(call, 'edit', { place, message: edited });
    // Sent again under its nonce it is the first one, and nobody sees anything.
    if (call.route !== route.send || made === '' || shown.has(made)) return;
    shown.add(made);
    show(call, 'new', { place, message: made });
  }

  function show(
    call: Call,
    kind: 'new' | 'edit',
    { place, message }: { place: string; message: string },
  ): void {
    const { content } = call.body;
    const text = typeof content === 'string' ? content : '';
    press(call, { channel_id: place, id: message });
    const marked = text.includes(mark);
    const words = text.replace(mark, '').trimEnd();
    const chat = chatOf.get(place) ?? '';
    const sighting = { at: call.at, kind, chat, place: message, marked, messages: namesIn(words) };
    call.onAnswered = recorder.sent({ ...sighting, whole: words.endsWith(lastWord) }, null);
  }

  /** Whoever is asked says yes, each time that he is asked. */
  function press(call: Call, message: { readonly channel_id: string; readonly id: string }): void {
    const asked = JSON.stringify(call.body['components'] ?? null);
    const value = /"custom_id":"(\/approve [^"]+)"/.exec(asked)?.[1];
    if (value !== undefined) pressUntilHeard(value, message);
  }

  /** A press that the bot does not confirm in time has failed, as Discord tells; it is never sent again, so he presses again. */
  function pressUntilHeard(
    value: string,
    message: { readonly channel_id: string; readonly id: string },
  ): void {
    if (isClosed) return;
    const { id } = discord.press(value, message, whoIn(message.channel_id));
    setTimeout(() => {
      if (!confirmed.has(id)) pressUntilHeard(value, message);
    }, confirmMs).unref();
  }
}

function userOf(index: number): string {
  return String(200_000_000_000_000_000n + BigInt(index));
}

/** Tiro's own words, such as what is to be approved, answer nothing. */
function namesIn(words: string): readonly string[] {
  return words.startsWith(answerWord.start) ? messagesIn(words) : [];
}
