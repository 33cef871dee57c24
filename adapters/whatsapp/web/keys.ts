import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type * as Baileys from 'baileys';
import type { AdapterStatePort } from '#core/ports/adapter.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import { createInOrder } from '#lib/in-order.ts';
import { parseJson } from '#lib/read/json.ts';

type Creds = Baileys.AuthenticationCreds;
type KeyStore = Baileys.SignalKeyStoreWithTransaction;

/**
 * The keys of the link in the adapter's own rows: `creds`, `key TYPE ID`, `seen HASH` for each ciphertext that was opened
 * and whose message is stored, `sent ID` for what the receiving phone may ask for again.
 */
export interface Keys {
  readonly creds: Creds;
  /** Is there a phone that lets this gateway in. */
  isLinked(): boolean;
  /** Contract: resolves after the credentials as they are now are committed. */
  saveCreds(): Promise<void>;
  /**
   * What the library keeps. Contract: all that is set inside of one `transaction`, with what `also` adds, is one commit at
   * its end, and nothing of it where it rejects. One transaction runs at a time.
   */
  readonly store: KeyStore;
  /** Inside a transaction: committed with it. */
  also(key: string, value: string): void;
  /** The mark of a ciphertext that was opened before, or null. */
  seen(ciphertext: Uint8Array): Promise<string | null>;
  /** Deletes everything: the link is over. */
  forget(): Promise<void>;
  /** Deletes marks and copies that are too old to be asked for. */
  prune(): Promise<void>;
}

interface KeysDeps {
  readonly state: AdapterStatePort;
  readonly clock: ClockPort;
  /**
   * Is told of rows that could not be read or written, before the library hears of it: the library would go on without
   * them, tell WhatsApp that a message cannot be used, and WhatsApp would never bring it again.
   */
  refused(): void;
}
type KeysLib = Pick<typeof Baileys, 'initAuthCreds' | 'BufferJSON'>;
type Entries = Record<string, string | null>;

const seenForMs = 30 * 86_400_000;
const sentForMs = 7 * 86_400_000;

/** Contract: rejects where the rows cannot be read. Credentials of a link that was never made are made anew. */
export async function loadKeys(deps: KeysDeps, lib: KeysLib): Promise<Keys> {
  const state = watched(deps);
  const { replacer, reviver } = lib.BufferJSON;
  const stored = await state.get('creds');
  const kept: unknown = stored === null ? null : JSON.parse(stored, reviver);
  const creds: Creds = isLink(kept) ? kept : lib.initAuthCreds();
  const context = new AsyncLocalStorage<Map<string, string | null>>();
  let savedCreds = stored;
  // What ends a link also changes it once more: that must not bring it back.
  let isOver = false;
  const write = async (entries: Entries): Promise<void> => {
    if (isOver) return;
    const now = JSON.stringify(creds, replacer);
    const all = now === savedCreds ? entries : { ...entries, creds: now };
    if (Object.keys(all).length > 0) await state.setAll(all);
    savedCreds = now;
  };
  return {
    creds,
    isLinked: () => isLink(creds),
    saveCreds: () => write({}),
    store: createStore({ state, lib, context, write }),
    also: (key, value) => {
      const pending = context.getStore();
      if (pending === undefined) throw new Error('What is kept with a message belongs into its transaction.');
      pending.set(key, value);
    },
    seen: (ciphertext) => state.get(seenKey(ciphertext)),
    forget: async () => {
      isOver = true;
      try {
        const all = Object.keys(await state.list(''));
        await state.setAll(Object.fromEntries(all.map((key) => [key, null])));
      } catch (error) {
        // They are still there, and are used until they are not.
        isOver = false;
        throw error;
      }
    },
    prune: () => prune(deps),
  };
}

function watched({ state, refused }: KeysDeps): AdapterStatePort {
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      refused();
      throw error;
    }
  };
  return {
    get: (key) => told(state.get(key)),
    set: (key, value) => told(state.set(key, value)),
    setAll: (entries) => told(state.setAll(entries)),
    list: (prefix) => told(state.list(prefix)),
  };
}

interface StoreParts {
  readonly state: AdapterStatePort;
  readonly lib: KeysLib;
  /** What the running transaction has set so far. */
  readonly context: AsyncLocalStorage<Map<string, string | null>>;
  readonly write: (entries: Entries) => Promise<void>;
}

function createStore({ state, lib, context, write }: StoreParts): KeyStore {
  const { replacer, reviver } = lib.BufferJSON;
  const inOrder = createInOrder();
  const read = async (key: string): Promise<unknown> => {
    const pending = context.getStore();
    const text = pending?.has(key) === true ? (pending.get(key) ?? null) : await state.get(key);
    return text === null ? null : JSON.parse(text, reviver);
  };
  return {
    get: async (type, ids) => {
      const found: { [id: string]: Baileys.SignalDataTypeMap[typeof type] } = {};
      const isValue = (value: unknown): value is Baileys.SignalDataTypeMap[typeof type] => value !== null;
      const values = await Promise.all(ids.map(async (id) => [id, await read(keyOf(type, id))] as const));
      for (const [id, value] of values) if (isValue(value)) found[id] = value;
      return found;
    },
    set: async (data) => {
      const entries: Entries = {};
      for (const [type, values] of Object.entries(data)) {
        for (const [id, value] of Object.entries(values ?? {})) {
          entries[keyOf(type, id)] = value === null ? null : JSON.stringify(value, replacer);
        }
      }
      const pending = context.getStore();
      if (pending === undefined) return await write(entries);
      for (const [key, value] of Object.entries(entries)) pending.set(key, value);
    },
    isInTransaction: () => context.getStore() !== undefined,
    transaction: (work, name) => {
      // Names of people are asked for inside of other transactions, and several ask together: to wait there would be for ever.
      if (context.getStore() !== undefined || name === 'lid-mapping') return work();
      return inOrder(async () => {
        const pending = new Map<string, string | null>();
        const result = await context.run(pending, work);
        await write(Object.fromEntries(pending));
        return result;
      });
    },
  };
}

async function prune({ state, clock }: Pick<KeysDeps, 'state' | 'clock'>): Promise<void> {
  const [seen, sent] = [await state.list('seen '), await state.list('sent ')];
  const isOlder = (text: string, ms: number): boolean => clock.now() - timeIn(text) > ms;
  const old = [
    ...Object.entries(seen).filter(([, text]) => isOlder(text, seenForMs)),
    ...Object.entries(sent).filter(([, text]) => isOlder(text, sentForMs)),
  ];
  if (old.length > 0) await state.setAll(Object.fromEntries(old.map(([key]) => [key, null])));
}

export function seenKey(ciphertext: Uint8Array): string {
  return `seen ${createHash('sha256').update(ciphertext).digest('base64url')}`;
}

export function sentKey(id: string): string {
  return `sent ${id}`;
}

/** When a row with `at` in it was written; 0 where it does not say. */
export function timeIn(text: string): number {
  const value = parseJson(text);
  const at: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'at') : 0;
  return typeof at === 'number' ? at : 0;
}

function keyOf(type: string, id: string): string {
  return `key ${type} ${id}`;
}

/** We wrote them ourselves: with an account in them a phone let us in. */
function isLink(value: unknown): value is Creds {
  return typeof value === 'object' && value !== null && 'account' in value && 'noiseKey' in value;
}
