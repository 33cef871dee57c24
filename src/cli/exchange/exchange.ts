import { parseChatCommand } from '#core/command.ts';
import { TiroError } from '#core/errors.ts';
import type { ControlClient } from '../gateway/control-client.ts';
import { type FeedEvent, followFeed } from '../gateway/feed.ts';
import type { Gateway, HttpDeps } from '../gateway/http.ts';
import { postMessage } from '../gateway/messages.ts';
import { advance, type Awaited, belongs, createAwaited, type Outcome } from './awaited.ts';
import { lookAfter } from './look.ts';

export interface ExchangeOptions {
  readonly gateway: Gateway;
  readonly control: ControlClient;
  /** Told of everything in the watched conversation as it happens; `isOther` is not about what is awaited. */
  readonly show?: (event: FeedEvent, isOther: boolean) => void;
}

interface Message {
  readonly conversation: string | null;
  readonly text: string;
}

/** A talk over HTTP: message → POST → feed of steps → outcome. One is awaited at a time. */
export interface Exchange {
  readonly control: ControlClient;
  /** What happens in this conversation is shown from now on, also while nothing is awaited. */
  watch(conversation: string): void;
  /** Hands a message in and waits for its end. */
  say(message: Message): Promise<Outcome>;
  /** Hands a message in and does not wait: `/stop` while an answer is awaited. */
  call(message: Message): Promise<void>;
  /** Runs `decide` and waits for the end of the turn that the decision starts. */
  afterDecision(
    approval: { conversation: string; id: string },
    decide: () => Promise<void>,
  ): Promise<Outcome>;
  /** What is awaited rejects as `unavailable`. */
  close(): Promise<void>;
}

interface Talk extends ExchangeOptions {
  readonly deps: HttpDeps;
  readonly stop: AbortController;
  readonly opened: PromiseWithResolvers<void>;
  watched: string | null;
  current: Awaited | null;
  feed: Promise<void> | null;
}

export function createExchange(deps: HttpDeps, options: ExchangeOptions): Exchange {
  const talk: Talk = {
    ...options,
    deps,
    stop: new AbortController(),
    opened: Promise.withResolvers<void>(),
    watched: null,
    current: null,
    feed: null,
  };
  return {
    control: options.control,
    watch: (conversation) => {
      talk.watched = conversation;
      openFeed(talk);
    },
    say: (message) => say(talk, message),
    call: async (message) => {
      await postMessage(deps, options.gateway, message);
    },
    afterDecision: (approval, decide) => {
      const begins: Awaited['begins'] = (body) => body.kind === 'decision' && body.approval === approval.id;
      return awaitEnd(talk, createAwaited({ isCommand: false, begins }), async (awaited) => {
        awaited.conversation = approval.conversation;
        await decide();
      });
    },
    close: async () => {
      talk.stop.abort();
      talk.current?.settle.reject(ended());
      await talk.feed;
    },
  };
}

function say(talk: Talk, message: Message): Promise<Outcome> {
  const awaited = createAwaited({
    isCommand: parseChatCommand(message.text) !== null,
    begins: (body) => body.kind === 'input' && body.event === awaited.event,
  });
  return awaitEnd(talk, awaited, async () => {
    const posted = await postMessage(talk.deps, talk.gateway, message);
    awaited.conversation = posted.conversation;
    awaited.event = posted.event;
    void lookAfter(talk.deps, talk.gateway, awaited);
  });
}

/** Acts, and waits for the end. What the feed tells meanwhile is held until it is known what to look for. */
async function awaitEnd(
  talk: Talk,
  awaited: Awaited,
  act: (awaited: Awaited) => Promise<void>,
): Promise<Outcome> {
  if (talk.current !== null) throw new Error('An answer is awaited already.');
  openFeed(talk);
  await talk.opened.promise;
  if (talk.stop.signal.aborted) throw ended();
  talk.current = awaited;
  awaited.settle.promise.catch(() => undefined); // it may reject while `act` is still under way
  try {
    await act(awaited);
    talk.watched = awaited.conversation;
    const held = awaited.held ?? [];
    awaited.held = null;
    for (const event of held) take(talk, event);
    return await awaited.settle.promise;
  } finally {
    awaited.over.abort();
    talk.current = null;
  }
}

function openFeed(talk: Talk): void {
  if (talk.feed !== null) return;
  const onEvent = (event: FeedEvent): void => take(talk, event);
  const options = { after: null, signal: talk.stop.signal, onEvent };
  talk.feed = followFeed(talk.deps, talk.gateway, options).catch((error: unknown) => {
    talk.opened.reject(error);
    talk.current?.settle.reject(error);
  });
  // Nobody may be waiting yet; whoever comes later still gets the rejection.
  talk.opened.promise.catch(() => undefined);
}

function take(talk: Talk, event: FeedEvent): void {
  if (event.type === 'open') talk.opened.resolve();
  const { current } = talk;
  if (current !== null && current.held !== null) {
    current.held.push(event);
    return;
  }
  if (event.type === 'open' || event.type === 'lost') {
    talk.show?.(event, false);
    return;
  }
  if (event.conversation !== talk.watched) return;
  const isMine = current !== null && belongs(event, current);
  talk.show?.(event, !isMine);
  if (isMine && event.type === 'step') advance(current, event.body);
}

function ended(): TiroError {
  return new TiroError('unavailable', 'The talk was ended before the answer came.');
}
