import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createSseParser } from '#cli/gateway/sse.ts';
import { lastWord, messagesIn } from '../../committed.ts';
import type { Address, Channel } from './channel.ts';
import type { Recorder } from '../recorder.ts';

const postedSchema = z.object({ conversation: z.string() });
const replySchema = z.object({ conversation: z.string(), text: z.string(), toolCalls: z.array(z.unknown()) });

const againMs = 20;
/** Answers are fetched by their reader, so no send of them can be open. */
const fetchedAt = 0;

interface Client {
  readonly recorder: Recorder;
  readonly closed: AbortController;
  address: Address | null;
  /** Aborts when the gateway that is followed changes. */
  current: AbortController;
  lastId: string;
  readonly conversations: Map<string, string>;
  readonly chatByConversation: Map<string, string>;
  readonly posts: Map<string, { readonly conversation: string; readonly text: string }>;
}

/** POST /api/messages with an Idempotency-Key, again until it got its 202; answers over GET /api/events, resumed by id. */
export function createApiChannel(recorder: Recorder, count: number): Channel {
  const client: Client = {
    recorder,
    closed: new AbortController(),
    address: null,
    current: new AbortController(),
    lastId: '',
    conversations: new Map(),
    chatByConversation: new Map(),
    posts: new Map(),
  };
  const reading = read(client);
  let anew = 0;
  return {
    name: 'api',
    config: null,
    people: {},
    chats: Array.from({ length: count }, (_, index) => `api:${index + 1}`),
    approves: false,
    follow: (address) => {
      client.address = address;
      client.current.abort();
      client.current = new AbortController();
    },
    say: async ({ chat, message, text, tools }) => {
      const conversation = client.conversations.get(chat) ?? (await begin(chat));
      client.posts.set(message, { conversation, text });
      recorder.add({ type: 'said', at: Date.now(), chat, message, tools });
      await post(client, message, { conversation, text });
      recorder.add({ type: 'acknowledged', at: Date.now(), message });
    },
    again: async (message) => {
      const said = client.posts.get(message);
      if (said !== undefined) await post(client, message, said);
    },
    startAnew: async (chat) => void (await begin(chat)),
    close: async () => {
      client.closed.abort();
      client.current.abort();
      await reading;
    },
  };

  async function begin(chat: string): Promise<string> {
    anew += 1;
    const { conversation } = await post(client, `new-${anew}`, { conversation: null, text: '/new' });
    client.conversations.set(chat, conversation);
    client.chatByConversation.set(conversation, chat);
    return conversation;
  }
}

/** Again under the same key until the gateway, whichever it is by then, has answered. */
async function post(
  client: Client,
  key: string,
  body: { readonly conversation: string | null; readonly text: string },
): Promise<z.infer<typeof postedSchema>> {
  for (;;) {
    client.closed.signal.throwIfAborted();
    const { address, current, lastId } = client;
    // Until the reader has its place in the stream an answer could pass it by.
    const isReady = address !== null && lastId !== '';
    const call = { body, key: `campaign-${key}`, signal: current.signal };
    const response = isReady ? await tryPost(address, call) : null;
    if (response?.status === 202) return postedSchema.parse(await response.json());
    if (response !== null && response.status < 500)
      throw new Error(`The API answered ${response.status} to ${key}.`);
    await sleep(againMs);
  }
}

async function tryPost(
  { url, token }: Address,
  call: { readonly body: unknown; readonly key: string; readonly signal: AbortSignal },
): Promise<Response | null> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'idempotency-key': call.key,
  };
  try {
    const response = await fetch(`${url}/api/messages`, {
      method: 'POST',
      headers,
      body: JSON.stringify(call.body),
      signal: call.signal,
    });
    const text = await response.text();
    return new Response(text, { status: response.status });
  } catch {
    return null; // killed before its answer, or not there yet: nobody knows, so it is posted again
  }
}

/** One reader of all conversations for the whole campaign, from gateway to gateway. */
async function read(client: Client): Promise<void> {
  while (!client.closed.signal.aborted) {
    const { address, current } = client;
    if (address !== null) await readOnce(client, address, current.signal).catch(() => undefined);
    if (!client.closed.signal.aborted) await sleep(againMs);
  }
}

async function readOnce(client: Client, { url, token }: Address, signal: AbortSignal): Promise<void> {
  const resume: Record<string, string> = client.lastId === '' ? {} : { 'last-event-id': client.lastId };
  const headers = { authorization: `Bearer ${token}`, ...resume };
  const response = await fetch(`${url}/api/events`, { headers, signal });
  if (!response.ok || response.body === null) return;
  const parser = createSseParser();
  const decoder = new TextDecoder();
  for await (const piece of response.body) {
    for (const event of parser.push(decoder.decode(piece, { stream: true }))) {
      if (event.id !== '') client.lastId = event.id;
      if (event.event === 'reply' && event.data !== null) see(client, event.id, event.data);
    }
  }
}

function see({ recorder, chatByConversation }: Client, id: string, data: string): void {
  const { conversation, text, toolCalls } = replySchema.parse(JSON.parse(data));
  const chat = chatByConversation.get(conversation);
  if (chat === undefined || toolCalls.length > 0) return;
  const sighting = {
    at: Date.now(),
    kind: 'new',
    chat,
    place: `${conversation}/${id}`,
    marked: false,
  } as const;
  recorder.sent({ ...sighting, messages: messagesIn(text), whole: text.endsWith(lastWord) }, fetchedAt);
}
