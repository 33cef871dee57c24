import { onTestFinished } from 'vitest';
import type { ChatKey } from '#core/address.ts';
import type { Abilities, Delivery, NewDelivery } from '#core/delivery.ts';
import type { DeliveryId, IdsPort, TurnId } from '#core/ids.ts';
import type { ComposePort, Saying } from '#core/ports/compose.ts';
import type { StorePort } from '#core/store/store.ts';
import type { Turn } from '#core/turn.ts';
import { createIds } from '#lib/ids.ts';
import { createCompose } from '#outbox/compose.ts';
import type { OutboxDeps } from '#outbox/outbox.ts';
import { createOutboxStation } from '#outbox/station.ts';
import { createRender } from '#render/index.ts';
import { anyTurn, entry, moment } from '#test/contract/store/world.ts';
import { type ManualClock, createManualClock } from '#test/kernel/clock.ts';
import { openTestStore } from '#test/store.ts';
import { until } from '#test/until.ts';
import { type TestChannel, createTestChannel } from './channel.ts';

type Station = ReturnType<typeof createOutboxStation>;

/** One gateway's outbox over the rows; a further one takes them over. */
export interface TestGateway extends Station {
  readonly store: StorePort;
  /** Ticks until nothing is due and no call is in flight. */
  pump(): Promise<void>;
}

export interface OutboxWorld extends TestGateway {
  readonly clock: ManualClock;
  readonly ids: IdsPort;
  readonly compose: ComposePort;
  readonly channels: Map<string, TestChannel>;
  readonly log: readonly { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
  /** Where jitter stands, in [0, 1). */
  readonly jitter: { value: number };
  /** The channel with these abilities; made at the first call. */
  channel(name: string, abilities?: Partial<Abilities>): TestChannel;
  /** Queues words and returns their rows' ids. */
  say(chat: ChatKey, markdown: string, more?: Partial<Saying>): Promise<readonly DeliveryId[]>;
  /** Queues rows as they stand. */
  put(...deliveries: readonly NewDelivery[]): Promise<void>;
  beginTurn(chat: ChatKey): Promise<Turn>;
  /** The turn's final text, and its end. */
  endTurn(turn: Turn, markdown: string, gateway?: TestGateway): Promise<void>;
  row(id: string | undefined): Promise<Delivery>;
  /** `tiro outbox redrive`. */
  redrive(id: string | undefined): Promise<boolean>;
  rowsOf(turn: TurnId): Promise<readonly Delivery[]>;
  /** The gateway is gone in the middle of what it did; the next one takes its rows over. */
  restart(): Promise<TestGateway>;
}

export interface WorldOptions {
  /** Wraps the verbs that the station is given. */
  readonly outbox?: (verbs: OutboxDeps['outbox']) => OutboxDeps['outbox'];
}

let said = 0;

export async function createOutboxWorld(options: WorldOptions = {}): Promise<OutboxWorld> {
  const clock = createManualClock();
  const home = await openTestStore({ now: clock.now });
  onTestFinished(() => home.close());
  const ids = createIds(clock);
  const channels = new Map<string, TestChannel>();
  const log: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const write = (event: string, fields = {}): void => void log.push({ event, fields });
  const jitter = { value: 0.5 };
  const render = createRender();
  const adapter = (name: string): TestChannel | null => channels.get(name) ?? null;
  const compose = createCompose({ render, ids, abilities: (name) => adapter(name)?.abilities ?? null });
  const ground = {
    clock,
    ids,
    render,
    compose,
    adapter,
    log: { info: write, warn: write, error: write },
    random: { next: () => jitter.value },
    files: { pathOf: (path: string) => `/home/of/tiro/${path}` },
  };
  let current: StorePort = home.store;
  const gateway = createGateway(current);

  return {
    ...gateway,
    clock,
    ids,
    compose,
    channels,
    log,
    jitter,
    channel(name, abilities) {
      const channel = channels.get(name) ?? createTestChannel(name, clock, abilities);
      channels.set(name, channel);
      return channel;
    },
    async say(chat, markdown, more = {}) {
      said += 1;
      const saying = { replyTo: null, buttons: [], editOf: null, key: `said-${said}`, ...more };
      const deliveries = compose.say({ chat, markdown, ...saying });
      await put(...deliveries);
      return deliveries.map(({ id }) => id);
    },
    put,
    beginTurn,
    async endTurn(turn, markdown, { preview } = gateway) {
      const editOf = await preview.finish(turn);
      const key = `final:${turn.id}`;
      const deliveries = compose.say({ chat: turn.chat, markdown, key, replyTo: null, buttons: [], editOf });
      const end = { status: 'done', reason: null } as const;
      await current.turns.append(moment(turn, { deliveries, at: clock.now(), end }));
    },
    async row(id = '') {
      const row = await current.outbox.get(`dlv_${id.slice(4)}`);
      if (row === null) throw new Error(`There is no row ${id}.`);
      return row;
    },
    redrive: (id = '') => current.outbox.redrive({ id: `dlv_${id.slice(4)}`, at: clock.now() }),
    rowsOf: (turn) => current.outbox.ofTurn(turn),
    async restart() {
      current = await home.again({ takeover: true });
      return createGateway(current);
    },
  };

  async function put(...deliveries: readonly NewDelivery[]): Promise<void> {
    await current.conversations.say({
      key: ids.event(),
      chat: deliveries[0]?.chat ?? 'telegram:7',
      conversation: null,
      newConversation: ids.conversation(),
      person: 'ann',
      body: { kind: 'notice', text: 'something is said' },
      deliveries,
      at: clock.now(),
    });
  }

  async function beginTurn(chat: ChatKey): Promise<Turn> {
    const channel = chat.slice(0, chat.indexOf(':'));
    const entries = [entry(ids, { chat })];
    await current.events.accept({ channel, entries, cursor: null, at: clock.now() });
    const claim = await current.turns.claim({ ...anyTurn, turn: ids.turn(), now: clock.now() });
    if (claim.type !== 'turn') throw new Error('There was nothing to claim.');
    return claim.turn;
  }

  function createGateway(store: StorePort): TestGateway {
    let claimed = 0;
    const verbs: OutboxDeps['outbox'] = {
      ...store.outbox,
      claim: async (input) => {
        const rows = await store.outbox.claim(input);
        claimed += rows.length;
        return rows;
      },
    };
    const outbox = { ...store.outbox, ...(options.outbox?.(verbs) ?? verbs) };
    const station = createOutboxStation({ ...ground, outbox });
    return { ...station, store, pump };

    async function pump(): Promise<void> {
      // Settling a row may make the next one due: the second look in vain is the end.
      for (let looks = 0; looks < 2; looks += 1) {
        const before = claimed;
        await station.deliveries.tick();
        await until('no call is in flight', async () => (await store.outbox.countByStatus()).sending === 0);
        if (claimed > before) looks = -1;
      }
    }
  }
}
