import type { ChatAddress, ChatKey } from '#core/address.ts';
import type { DeliveryBody } from '#core/delivery.ts';
import { TiroError } from '#core/errors.ts';
import type { InboundEvent } from '#core/event.ts';
import type { DeliveryId, TurnId } from '#core/ids.ts';
import type { StepBody } from '#core/step.ts';
import type { StorePort } from '#core/store/store.ts';
import { createIds } from '#lib/ids.ts';
import { type Said, moments } from './said.ts';

export interface LoadDeps {
  readonly store: StorePort;
  readonly say: (said: Said) => void;
  /** Chance from 0 to 1. */
  readonly chance: () => number;
  readonly now: () => number;
}

/** Repeats what the disk refuses until it is taken. Nothing else is repeated. */
export async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
}

function isRefusal(error: unknown): boolean {
  if (error instanceof TiroError) return error.code === 'store-unavailable';
  return error instanceof Error && 'code' in error && error.code === 'EIO';
}

export interface LoadOptions {
  /** Batches of messages that each channel takes in; there are `channels` of them side by side. */
  readonly batches: number;
  readonly channels: number;
}

/** Everything the gateway does with its store, side by side: messages come in, turns run, answers go out. */
export async function putLoad(deps: LoadDeps, options: LoadOptions): Promise<void> {
  const names = Array.from({ length: options.channels }, (_, index) => `c${index}`);
  const input = Promise.all(names.map((channel) => takeIn(deps, channel, options.batches)));
  let isOver = false;
  const over = input.then(() => (isOver = true));
  let areAnswered = false;
  const turns = Promise.all(names.map(() => runTurns(deps, () => isOver))).then(() => (areAnswered = true));
  // The last answers come after the last messages: they are sent too.
  await Promise.all([over, turns, sendAnswers(deps, () => areAnswered)]);
}

async function takeIn(
  { store, say, chance, now }: LoadDeps,
  channel: string,
  batches: number,
): Promise<void> {
  const ids = createIds({ now });
  const from = Number((await store.events.cursor(channel)) ?? 0);
  for (let batch = from + 1; batch <= from + batches; batch += 1) {
    const names = Array.from({ length: 1 + Math.floor(chance() * 3) }, (_, index) => `${batch}.${index}`);
    const accept = { what: 'accept', channel, batch, ids: names } as const;
    const entries = names.map((platformId) => ({
      id: ids.event(),
      newConversation: ids.conversation(),
      event: message(platformId, { channel, chat: `${Math.floor(chance() * 4)}`, thread: null }, chance()),
      route: {
        lane: 'turn',
        person: `${channel}-${Math.floor(chance() * 3)}`,
        role: 'member',
        conversation: null,
        startsConversation: false,
        coalesce: true,
        history: [],
      } as const,
    }));
    say({ ...accept, told: false });
    await insist(() => store.events.accept({ channel, entries, cursor: String(batch), at: now() }));
    say({ ...accept, told: true });
  }
}

function message(platformId: string, chat: ChatAddress, size: number): InboundEvent {
  const text = `message ${platformId} ${'lorem ipsum '.repeat(Math.floor(size * 250))}`;
  return {
    platformId,
    kind: 'message',
    chat,
    direct: true,
    sender: { id: chat.chat, name: 'Ann' },
    addressed: true,
    text,
    files: [],
    messageId: platformId,
    replyTo: null,
    sentAt: 1_700_000_000_000,
    raw: '{}',
  };
}

/** Claims and runs turns until nothing comes in any more and none is left. */
async function runTurns(deps: LoadDeps, isOver: () => boolean): Promise<void> {
  const { store, say, now } = deps;
  const ids = createIds({ now });
  for (;;) {
    const wasOver = isOver();
    const limits = { maxRunning: 64, maxPerPerson: 16, maxEvents: 20, maxChars: 100_000, staleBefore: null };
    const claim = await insist(() => store.turns.claim({ turn: ids.turn(), now: now(), ...limits }));
    if (claim.type === 'turn') {
      say({ what: 'claim', told: true, turn: claim.turn.id });
      await runTurn(deps, { turn: claim.turn.id, chat: claim.turn.chat, delivery: ids.delivery() });
    } else if (wasOver) return;
  }
}

async function runTurn(
  { store, say, chance, now }: LoadDeps,
  run: { readonly turn: TurnId; readonly chat: ChatKey; readonly delivery: DeliveryId },
): Promise<void> {
  const { turn, chat, delivery } = run;
  for (let moment = 1; moment <= moments; moment += 1) {
    const last = moment === moments;
    const append = { what: 'append', turn, moment, last } as const;
    const text = `answer ${moment} ${'dolor sit amet '.repeat(Math.floor(chance() * 150))}`;

    const body: DeliveryBody = {
      kind: 'message',
      markdown: text,
      text,
      dialect: 'plain',
      replyTo: null,
      buttons: [],
    };
    say({ ...append, told: false });
    await insist(() =>
      store.turns.append({
        turn,
        at: now(),
        steps: [reply(text), reply(text)],
        deliveries: last ? [{ id: delivery, key: `answer:${turn}`, chat, preview: false, body }] : [],
        settle: null,
        approvals: [],
        seal: false,
        end: last ? { status: 'done', reason: null } : null,
      }),
    );
    say({ ...append, told: true });
  }
}

function reply(text: string): StepBody {
  return { kind: 'reply', text, toolCalls: [], model: 'm', usage: null, finish: 'stop' };
}

async function sendAnswers({ store, say, now }: LoadDeps, isOver: () => boolean): Promise<void> {
  for (;;) {
    const wasOver = isOver();
    const claim = { now: now(), limit: 32, pausedChannels: [], pausedChats: [] };
    const rows = await insist(() => store.outbox.claim(claim));
    for (const { id } of rows) {
      say({ what: 'settle', told: false, delivery: id });
      const outcome = { status: 'sent', platformId: `p-${id}` } as const;
      await insist(() => store.outbox.settle({ id, at: now(), outcome, replacements: [] }));
      say({ what: 'settle', told: true, delivery: id });
    }
    if (wasOver && rows.length === 0) return;
  }
}
