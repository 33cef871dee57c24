import { z } from 'zod';
import type { AdapterStatePort } from '#core/ports/adapter.ts';

/** A group that became a supergroup has a new id from then on. */
export interface Move {
  readonly from: number;
  readonly to: number;
}

/**
 * The groups the bot is in. A group keeps its first id in the kernel, so that a conversation goes on after a move; calls
 * name the id it has now.
 */
export interface Groups {
  idNow(chat: string): Promise<number>;
  firstId(chat: string): Promise<string>;
  /** Resolves after commit. */
  met(chat: string): Promise<void>;
  moved(move: Move): Promise<void>;
  /** The ids they have now. */
  all(): Promise<readonly number[]>;
}

const key = 'groups';
/** Strangers may put the bot into any number of groups. */
const mostGroups = 200;
const storedSchema = z.array(z.tuple([z.string(), z.number()]));

export function createGroups(state: Pick<AdapterStatePort, 'get' | 'set'>): Groups {
  let read: Promise<Map<string, number>> | null = null;
  return {
    idNow: async (chat) => (await load()).get(chat) ?? Number(chat),
    firstId: async (chat) => firstIn(await load(), chat),
    met: async (chat) => {
      const groups = await load();
      if (groups.size < mostGroups && !groups.has(firstIn(groups, chat))) await put(chat, Number(chat));
    },
    moved: async ({ from, to }) => {
      const groups = await load();
      const first = firstIn(groups, String(from));
      if (groups.size < mostGroups || groups.has(first)) await put(first, to);
    },
    all: async () => [...(await load()).values()],
  };

  async function load(): Promise<Map<string, number>> {
    read ??= state.get(key).then((text) => new Map(storedSchema.parse(JSON.parse(text ?? '[]'))));
    return read.catch((error: unknown) => {
      read = null;
      throw error;
    });
  }

  async function put(first: string, now: number): Promise<void> {
    const groups = (await load()).set(first, now);
    await state.set(key, JSON.stringify([...groups]));
  }
}

function firstIn(groups: ReadonlyMap<string, number>, chat: string): string {
  return [...groups].find(([, now]) => String(now) === chat)?.[0] ?? chat;
}
