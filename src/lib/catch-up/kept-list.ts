/** Texts that are kept in the store, the newest last; of too many the oldest are dropped. */
export interface KeptList {
  all(): Promise<readonly string[]>;
  /** Resolves after commit. One that is known becomes the newest, which is written with the next one that is not. */
  add(text: string): Promise<void>;
  remove(text: string): Promise<void>;
}

export interface KeptListOptions {
  readonly state: {
    get(key: string): Promise<string | null>;
    set(key: string, value: string): Promise<void>;
  };
  readonly key: string;
  readonly most: number;
}

/** Contract: the texts hold no space. */
export function createKeptList({ state, key, most }: KeptListOptions): KeptList {
  let known: Set<string> | null = null;
  return { all: async () => [...(await load())], add, remove };

  async function add(text: string): Promise<void> {
    const list = await load();
    const isKnown = list.delete(text);
    list.add(text);
    const [oldest] = list;
    if (list.size > most && oldest !== undefined) list.delete(oldest);
    if (!isKnown) await store(list);
  }

  async function remove(text: string): Promise<void> {
    const list = await load();
    if (list.delete(text)) await store(list);
  }

  async function load(): Promise<Set<string>> {
    const text = known === null ? await state.get(key) : null;
    known ??= new Set((text ?? '').split(' ').filter((entry) => entry !== ''));
    return known;
  }

  async function store(list: ReadonlySet<string>): Promise<void> {
    try {
      await state.set(key, [...list].join(' '));
    } catch (error) {
      known = null; // what stands in the store counts
      throw error;
    }
  }
}
