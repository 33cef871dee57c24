import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Dice } from '#test/crash/campaign/dice.ts';
import type { FakeTelegram } from '#test/fakes/telegram/index.ts';
import type { Ledger } from './ledger.ts';
import { person } from './people.ts';
import { asks } from './script.ts';

export interface WriterDeps {
  readonly url: string;
  readonly token: string;
  readonly telegram: FakeTelegram;
  readonly ledger: Ledger;
  readonly dice: Dice;
  readonly say: (line: string) => void;
}

export interface WriterOptions {
  readonly perSecond: number;
  readonly chats: number;
}

type Act = (deps: WriterDeps, options: WriterOptions) => Promise<void> | void;

/** How often each kind of thing happens, of all of them together. */
const kinds: readonly { readonly weight: number; readonly act: Act }[] = [
  { weight: 48, act: chatting('What is new since I asked you last time?') },
  { weight: 8, act: chatting(`${'I have thought about it for a long time. '.repeat(80)} Well?`) },
  { weight: 6, act: chatting(`Please answer ${asks.long}.`) },
  { weight: 5, act: chatting(`Please answer ${asks.slow}.`) },
  { weight: 10, act: chatting(`Please ${asks.tool} and tell me.`) },
  { weight: 4, act: severalAtOnce },
  { weight: 3, act: command('/status') },
  { weight: 2, act: command('/help') },
  // A conversation of about twenty messages, then the next one.
  { weight: 5, act: command('/new') },
  { weight: 4, act: (deps) => complete(deps, false) },
  { weight: 3, act: (deps) => complete(deps, true) },
  { weight: 2, act: post },
];

const wholeWeight = kinds.reduce((sum, { weight }) => sum + weight, 0);
/** An API conversation has so many messages; then its caller takes another name. */
const messagesPerUser = 20;

/** People write at random moments, `perSecond` on average, until the signal aborts. */
export async function runWriters(
  deps: WriterDeps,
  options: WriterOptions,
  signal: AbortSignal,
): Promise<void> {
  const started = performance.now();
  let dueMs = 0;
  while (!signal.aborted) {
    dueMs += (-Math.log(1 - deps.dice.next()) / options.perSecond) * 1000;
    const waitMs = dueMs - (performance.now() - started);
    if (waitMs > 0) await sleep(waitMs, null, { signal }).catch(() => null);
    if (signal.aborted) return;
    // Nobody waits for an answer before the next one writes.
    void perform(deps, options);
  }
}

async function perform(deps: WriterDeps, options: WriterOptions): Promise<void> {
  try {
    await pick(deps.dice)(deps, options);
  } catch (error) {
    // Its mark stays open: what was refused or broke off shows as unanswered.
    deps.say(`a request failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function pick(dice: Dice): Act {
  let left = dice.next() * wholeWeight;
  for (const { weight, act } of kinds) {
    left -= weight;
    if (left < 0) return act;
  }
  return command('/help');
}

function chatting(words: string): Act {
  return ({ telegram, ledger, dice }, { chats }) => {
    const mark = ledger.open(performance.now(), 'telegram');
    telegram.userText(`${words} ${mark}`, person(dice.between(0, chats - 1)));
  };
}

/** Three messages in a row, as people write: they are answered together. */
function severalAtOnce({ telegram, ledger, dice }: WriterDeps, { chats }: WriterOptions): void {
  const who = person(dice.between(0, chats - 1));
  for (const words of ['By the way', 'one more thing', 'and do not forget this']) {
    telegram.userText(`${words} ${ledger.open(performance.now(), 'telegram')}`, who);
  }
}

function command(text: string): Act {
  return ({ telegram, dice }, { chats }) => {
    telegram.userText(text, person(dice.between(0, chats - 1)));
  };
}

/** The OpenAI-compatible API; the answer comes on the same line. */
async function complete(deps: WriterDeps, stream: boolean): Promise<void> {
  const content = `Good morning. ${deps.ledger.open(performance.now(), 'line')}`;
  const body = { model: 'tiro', user: nameOf(deps), stream, messages: [{ role: 'user', content }] };
  const text = await send(deps, '/v1/chat/completions', body);
  deps.ledger.seen(stream ? streamedText(text) : text, 'line');
}

/** The own API: the answer is seen by who reads the events (see readers.ts). */
async function post(deps: WriterDeps): Promise<void> {
  const text = `Good evening. ${deps.ledger.open(performance.now(), 'events')}`;
  await send(deps, '/api/messages', { text });
  if (deps.dice.chance(1 / messagesPerUser)) await send(deps, '/api/messages', { text: '/new' });
}

function nameOf({ ledger, dice }: WriterDeps): string {
  // About a fourteenth of the messages come this way, over eight callers.
  const generation = Math.floor(ledger.messages() / (messagesPerUser * 14 * 8));
  return `caller-${dice.between(0, 7)}-${generation}`;
}

async function send({ url, token }: WriterDeps, path: string, body: unknown): Promise<string> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 200)}`);
  return text;
}

const chunkSchema = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })),
});

/** A mark may be cut by the pieces it comes in. */
function streamedText(events: string): string {
  const lines = events.split('\n').filter((line) => line.startsWith('data: {'));
  const chunks = lines.map((line) => chunkSchema.safeParse(JSON.parse(line.slice('data: '.length))));
  return chunks.map(({ data }) => data?.choices[0]?.delta.content ?? '').join('');
}
