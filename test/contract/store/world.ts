import { onTestFinished } from 'vitest';
import type { ChatKey } from '#core/address.ts';
import { parseChatKey } from '#core/address.ts';
import type { DeliveryBody, NewDelivery } from '#core/delivery.ts';
import type { InboundEvent } from '#core/event.ts';
import type { ConversationId, IdsPort } from '#core/ids.ts';
import type { Step, StepBody } from '#core/step.ts';
import type { AcceptEntry, Accepted, Route, TurnPlan } from '#core/store/events.ts';
import type { CommitNote, StorePort } from '#core/store/store.ts';
import type { Append, NewApproval } from '#core/store/turns.ts';
import type { Turn } from '#core/turn.ts';
import { createIds } from '#lib/ids.ts';

export type OpenStore = StorePort & { readonly epoch: number };

/** A store on an empty home. */
export interface StoreSubject {
  readonly store: OpenStore;
  /** What the first store's `onFatal` was told. */
  readonly fatal: readonly Error[];
  /** The next gateway takes the home over; the first one goes on running. */
  takeOver(): Promise<OpenStore>;
  close(): Promise<void>;
}

export interface StoreContract {
  readonly name: string;
  setup(): Promise<StoreSubject>;
}

type Talk = Extract<Route, { lane: 'turn' | 'command' }>;

export interface Words {
  readonly chat?: ChatKey;
  readonly text?: string;
  readonly platformId?: string;
  readonly messageId?: string | null;
  readonly kind?: InboundEvent['kind'];
  readonly sentAt?: number;
  readonly name?: string;
  /** The sender's id; the chat's own where none is given. */
  readonly from?: string;
  readonly direct?: boolean;
  readonly route?: Route;
}

/** The words that tests speak with a store: short for what they mean, in full for what the port takes. */
export interface World extends StoreSubject {
  readonly ids: IdsPort;
  /** Every note of the first store, in order. */
  readonly notes: readonly CommitNote[];
  /** Accepts one event; `at` is when it arrived. */
  say(words: Words, at?: number): Promise<Accepted>;
  claim(plan?: Partial<TurnPlan>): Promise<Turn | null>;
  append(turn: Turn, append?: Partial<Append>, store?: StorePort): Promise<readonly Step[]>;
  end(turn: Turn, status?: Exclude<Turn['status'], 'running'>): Promise<readonly Step[]>;
}

export async function createWorld(contract: StoreContract): Promise<World> {
  const subject = await contract.setup();
  onTestFinished(() => subject.close());
  const { store } = subject;
  const ids = createIds({ now: () => 1_000 });
  const notes: CommitNote[] = [];
  store.onCommit((note) => notes.push(note));

  return {
    ...subject,
    ids,
    notes,
    say: async (words, at = 1_000) => {
      const channel = (words.chat ?? ann).split(':')[0] ?? '';
      const [accepted] = await store.events.accept({
        channel,
        entries: [entry(ids, words)],
        cursor: null,
        at,
      });
      if (accepted === undefined) throw new Error('Nothing was accepted.');
      return accepted;
    },
    claim: async (plan = {}) => {
      const claim = await store.turns.claim({ ...anyTurn, turn: ids.turn(), ...plan });
      return claim.type === 'turn' ? claim.turn : null;
    },
    append: (turn, append = {}, other = store) => other.turns.append(moment(turn, append)),
    end: (turn, status = 'done') => store.turns.append(moment(turn, { end: { status, reason: null } })),
  };
}

export const ann: ChatKey = 'telegram:7';
export const bob: ChatKey = 'telegram:8';

/** Each chat's only person has the chat's own id as handle: `p7` in telegram:7. */
export function talk(chat: ChatKey, route: Partial<Talk> = {}): Talk {
  return {
    lane: 'turn',
    person: `p${parseChatKey(chat)?.chat ?? ''}`,
    role: 'member',
    conversation: null,
    startsConversation: false,
    coalesce: true,
    history: [],
    ...route,
  };
}

let lastMessage = 0;

export function entry(ids: IdsPort, words: Words): AcceptEntry {
  const { chat = ann, text = 'hello', kind = 'message', sentAt = 1_000, name = 'Ann', direct = true } = words;
  lastMessage += 1;
  const address = parseChatKey(chat);
  if (address === null) throw new Error(`${chat} is no chat.`);
  const event: InboundEvent = {
    platformId: words.platformId ?? `update-${lastMessage}`,
    kind,
    chat: address,
    direct,
    sender: { id: words.from ?? address.chat, name },
    addressed: true,
    text,
    files: [],
    messageId: words.messageId ?? `message-${lastMessage}`,
    replyTo: null,
    sentAt,
    raw: '{}',
  };
  return { id: ids.event(), newConversation: ids.conversation(), event, route: words.route ?? talk(chat) };
}

export const anyTurn: Omit<TurnPlan, 'turn'> = {
  now: 2_000,
  maxRunning: 100,
  maxPerPerson: 10,
  maxEvents: 20,
  maxChars: 10_000,
  staleBefore: null,
};

export function moment(turn: Turn, append: Partial<Append> = {}): Append {
  return {
    turn: turn.id,
    at: 3_000,
    steps: [],
    deliveries: [],
    settle: null,
    approvals: [],
    seal: false,
    end: null,
    ...append,
  };
}

export function reply(text: string): StepBody {
  return { kind: 'reply', text, toolCalls: [], model: 'm', usage: null, finish: 'stop' };
}

export function intent(callId: string): StepBody {
  return {
    kind: 'intent',
    callId,
    tool: 'run',
    arguments: '{}',
    effect: 'once',
    effectKey: `effect-${callId}`,
    planHash: 'hash',
  };
}

export function approval(id: string, changes: Partial<NewApproval> = {}): NewApproval {
  const plan = { tool: 'run', arguments: '{"command":"ls"}', hash: 'hash' };
  return { id, callId: `call-${id}`, plan, why: 'it acts', expiresAt: 100_000, ...changes };
}

/** A message to put into the outbox. */
export function message(ids: IdsPort, text: string, more: Partial<NewDelivery> = {}): NewDelivery {
  const id = ids.delivery();
  const body: DeliveryBody = {
    kind: 'message',
    markdown: text,
    text,
    dialect: 'plain',
    replyTo: null,
    buttons: [],
  };
  return { id, key: `key-${id}`, chat: ann, preview: false, body, ...more };
}

/** An edit of an earlier delivery. */
export function edit(
  ids: IdsPort,
  { target, text }: { readonly target: string; readonly text: string },
  more: Partial<NewDelivery> = {},
): NewDelivery {
  const body: DeliveryBody = { kind: 'edit', target, markdown: text, text, dialect: 'plain', buttons: [] };
  return { ...message(ids, text, more), body };
}

export function textsOf(steps: readonly Step[]): readonly string[] {
  return steps.map(({ body }) =>
    body.kind === 'end' ? body.status : 'text' in body ? body.text : body.kind,
  );
}

/** The conversation an event went to; every event that talks has one. */
export function conversationOf(accepted: Accepted): ConversationId {
  if (accepted.conversation === null) throw new Error('The event went to no conversation.');
  return accepted.conversation;
}

export async function claimed(world: World, plan: Parameters<World['claim']>[0] = {}): Promise<Turn> {
  const turn = await world.claim(plan);
  if (turn === null) throw new Error('There was nothing to claim.');
  return turn;
}

export async function running(world: World): Promise<Turn> {
  const [turn] = await world.store.turns.list({ status: 'running', conversation: null, limit: 1 });
  if (turn === undefined) throw new Error('No turn is running.');
  return turn;
}

export async function inputs(world: World, turn: Turn): Promise<readonly string[]> {
  const steps = await world.store.steps.ofTurn(turn.id);
  return textsOf(steps.filter((step) => step.body.kind === 'input'));
}
