import { onTestFinished } from 'vitest';
import type { Abilities } from '#core/delivery.ts';
import type { ChatKey } from '#core/address.ts';
import type { LogPort } from '#core/ports/clock.ts';
import type { ComposePort } from '#core/ports/compose.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { IdsPort } from '#core/ids.ts';
import type { OutgoingFilesPort } from '#core/ports/media.ts';
import type { StorePort } from '#core/store/store.ts';
import { type ListedPerson, createDirectory } from '#inbox/directory.ts';
import { createIds } from '#lib/ids.ts';
import { createHomeFiles } from '#media/home-files.ts';
import { createCompose } from '#outbox/compose.ts';
import { createRender } from '#render/index.ts';
import { type TestStore, openTestStore } from '#test/store.ts';
import { type ManualClock, createManualClock } from './clock.ts';

/** What every station stands on in a test: real rows, rendering and ids; a clock that the test moves. */
export interface TestGround {
  readonly home: TestStore;
  readonly store: StorePort;
  readonly clock: ManualClock;
  readonly ids: IdsPort;
  readonly log: LogPort & { readonly lines: readonly LogLine[] };
  readonly compose: ComposePort;
  readonly files: OutgoingFilesPort;
  readonly directory: DirectoryPort;
  /** `people` of the config; a test may change it. */
  readonly listed: Record<string, ListedPerson>;
  /** What is queued for a chat, as Markdown and in order. */
  said(chat: ChatKey): Promise<readonly string[]>;
  /** The platforms take whatever is queued for them. */
  deliver(): Promise<void>;
}

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface GroundOptions {
  readonly clock?: ManualClock;
  /** A gateway that is to go on with these rows, as after a crash of the one before. */
  readonly home?: TestStore;
  readonly store?: StorePort;
  readonly listed?: Record<string, ListedPerson>;
}

/** Ann owns the gateway on Telegram; Bob is a member, listed there too. */
const annAndBob: Record<string, ListedPerson> = {
  ann: { role: 'owner', identities: ['telegram:7'], timezone: null, language: null, approve: null },
  bob: { role: 'member', identities: ['telegram:8'], timezone: null, language: null, approve: null },
};

const push: Abilities = {
  dialects: ['plain'],
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
  editEveryMs: 1_000,
  sendEveryMs: 0,
  coalesce: true,
};

/** telegram and slack are pushed to; web, cli and api are read by their readers. Only telegram and web coalesce. */
const abilitiesByChannel: Readonly<Record<string, Abilities>> = {
  telegram: push,
  slack: push,
  web: { ...push, delivery: 'pull' },
  cli: { ...push, delivery: 'pull', coalesce: false },
  api: { ...push, delivery: 'pull', coalesce: false },
};

export async function createGround(options: GroundOptions = {}): Promise<TestGround> {
  const clock = options.clock ?? createManualClock();
  const home = options.home ?? (await openHome(clock));
  const store = options.store ?? home.store;
  const ids = createIds(clock);
  const listed = { ...(options.listed ?? annAndBob) };
  const directory = createDirectory({ people: store.people, listed: () => listed });
  await directory.refresh();
  const abilities = (channel: string): Abilities | null => abilitiesByChannel[channel] ?? null;
  const compose = createCompose({ render: createRender(), ids, abilities });
  const log = createLines();
  const files = createHomeFiles({ clock, log }, home.home);
  return { home, store, clock, ids, log, compose, files, directory, listed, said, deliver };

  async function said(chat: ChatKey): Promise<readonly string[]> {
    const rows = await store.outbox.list({ status: null, limit: 1_000 });
    const mine = rows.filter((row) => row.chat === chat && row.status !== 'cancelled').toReversed();
    return mine.flatMap(({ body }) => ('markdown' in body ? [body.markdown] : []));
  }

  async function deliver(): Promise<void> {
    const all = { limit: 99, pausedChannels: [], pausedChats: [] };
    for (;;) {
      const rows = await store.outbox.claim({ now: clock.now(), ...all });
      if (rows.length === 0) return;
      for (const { id } of rows) {
        const outcome = { status: 'sent', platformId: id } as const;
        await store.outbox.settle({ id, at: clock.now(), outcome, replacements: [] });
      }
    }
  }
}

async function openHome(clock: ManualClock): Promise<TestStore> {
  const home = await openTestStore({ now: () => clock.now() });
  onTestFinished(() => home.close());
  return home;
}

function createLines(): TestGround['log'] {
  const lines: LogLine[] = [];
  const writer =
    (level: LogLine['level']) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      void lines.push({ level, event, fields });
  return { lines, info: writer('info'), warn: writer('warn'), error: writer('error') };
}

/** The store with some of its verbs replaced, each told the real one: for disks that refuse and gateways that die. */
export function withVerbs<G extends Exclude<keyof StorePort, 'onCommit' | 'backup' | 'close'>>(
  store: StorePort,
  group: G,
  verbs: Partial<StorePort[G]>,
): StorePort {
  return { ...store, [group]: { ...store[group], ...verbs } };
}
