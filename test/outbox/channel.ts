import type { ChatKey } from '#core/address.ts';
import { addressToKey } from '#core/address.ts';
import type { Abilities, OutboundDelivery, SendError, SendResult } from '#core/delivery.ts';
import type { AdapterPort, Draft } from '#core/ports/adapter.ts';
import type { ClockPort } from '#core/ports/clock.ts';

/**
 * How the platform answers one call. `lost`: it accepted the call and the answer never came. `hang`: neither, until the
 * call is aborted. `deaf`: not even then.
 */
export type Answer = 'ok' | 'lost' | 'hang' | 'deaf' | SendError | { readonly throws: string };

/** What a lookup says; `truth` is whether the platform shows the delivery. */
export type Found = 'truth' | 'unknown' | 'throws' | 'deaf';

export interface Call {
  readonly delivery: OutboundDelivery;
  readonly at: number;
  readonly signal: AbortSignal;
}

/** A platform and its adapter in one: it keeps every call and shows what it accepted. */
export interface TestChannel extends AdapterPort {
  readonly calls: readonly Call[];
  readonly lookups: readonly OutboundDelivery[];
  /** What the next calls meet, in order; after that everything is accepted. */
  readonly script: Answer[];
  /** What a chat's next calls meet; asked before `script`. */
  readonly scripts: Map<ChatKey, Answer[]>;
  lookupSays: Found;
  /** The process dies while a call is made: whatever the platform did, nobody reads an answer. */
  dies: boolean;
  /** Every draft that was asked for, in order. */
  readonly drafts: readonly Draft[];
  /** Meets each draft; by default it is shown. */
  onDraft: (draft: Draft) => Promise<void>;
  /** Looks in while a call is made. */
  onCall: (call: Call) => Promise<void>;
  /** What every call said, in order. */
  texts(): readonly string[];
  /** What the chat shows, oldest first, edits applied. */
  shown(chat: ChatKey): readonly string[];
}

const push: Abilities = {
  dialects: ['telegram-html', 'plain'],
  maxText: 4_096,
  countedAs: 'utf16',
  delivery: 'push',
  edits: true,
  drafts: false,
  typing: true,
  buttons: true,
  threads: true,
  reactions: true,
  files: { maxBytes: 50_000_000 },
  sendSemantics: 'blind',
  editEveryMs: 0,
  sendEveryMs: 0,
  coalesce: true,
};

const lost: SendError = { type: 'unknown', reason: 'the line went dead' };

export function createTestChannel(
  name: string,
  clock: ClockPort,
  changes: Partial<Abilities> = {},
): TestChannel {
  const calls: Call[] = [];
  const lookups: OutboundDelivery[] = [];
  const drafts: Draft[] = [];
  const script: Answer[] = [];
  const scripts = new Map<ChatKey, Answer[]>();
  const messages: { id: string; by: string; chat: ChatKey; text: string }[] = [];
  const channel: TestChannel = {
    name,
    abilities: { ...push, ...changes },
    calls,
    lookups,
    drafts,
    onDraft: () => Promise.resolve(),
    draft: (draft) => {
      drafts.push(draft);
      return channel.onDraft(draft);
    },
    script,
    scripts,
    lookupSays: 'truth',
    dies: false,
    onCall: () => Promise.resolve(),
    texts: () => calls.map(({ delivery }) => textOf(delivery)),
    shown: (chat) => messages.filter((message) => message.chat === chat).map(({ text }) => text),
    start: () => Promise.resolve(),
    send,
    lookup,
    check: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
  return channel;

  async function send(delivery: OutboundDelivery, signal: AbortSignal): Promise<SendResult> {
    const call = { delivery, at: clock.now(), signal };
    calls.push(call);
    const { dies } = channel;
    const answer = scripts.get(addressToKey(delivery.address))?.shift() ?? script.shift() ?? 'ok';
    await channel.onCall(call);
    if (dies || channel.dies) {
      if (answer === 'ok' || answer === 'lost') accept(delivery);
      await aborted(new AbortController().signal);
    }
    if (answer === 'ok') return { ok: true, platformId: accept(delivery) };
    if (answer === 'lost') {
      accept(delivery);
      return { ok: false, error: lost };
    }
    if (answer === 'hang' || answer === 'deaf') {
      await aborted(answer === 'hang' ? signal : new AbortController().signal);
      return { ok: false, error: lost };
    }
    if ('throws' in answer) throw new Error(answer.throws);
    return { ok: false, error: answer };
  }

  async function lookup(delivery: OutboundDelivery): ReturnType<Exclude<AdapterPort['lookup'], undefined>> {
    lookups.push(delivery);
    if (channel.lookupSays === 'deaf') await aborted(new AbortController().signal);
    if (channel.lookupSays === 'throws') throw new Error('history is closed');
    if (channel.lookupSays === 'unknown') return { found: 'unknown' };
    const message = messages.find(({ by }) => by === delivery.id);
    return message === undefined ? { found: 'absent' } : { found: 'sent', platformId: message.id };
  }

  /** The same delivery twice is shown twice, unless the platform absorbs it. */
  function accept(delivery: OutboundDelivery): string {
    const edited = messages.find(({ id }) => id === delivery.targetPlatformId);
    if (delivery.body.kind === 'edit' && edited !== undefined) {
      edited.text = textOf(delivery);
      return edited.id;
    }
    const known = messages.find(({ by }) => by === delivery.id);
    if (known !== undefined && channel.abilities.sendSemantics === 'idempotent') return known.id;
    const id = `${name}-${messages.length + 1}`;
    messages.push({ id, by: delivery.id, chat: addressToKey(delivery.address), text: textOf(delivery) });
    return id;
  }
}

function textOf({ body }: Pick<OutboundDelivery, 'body'>): string {
  return 'text' in body ? body.text : body.kind;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
