import { basename } from 'node:path';
import type { Change } from '#test/fakes/disk/log.ts';
import { type Said, saidSchema } from './said.ts';

/** How far each thing had got: `told` is acknowledged and must be there, what is only `asked` may be there, wholly. */
interface Progress {
  readonly asked: number;
  readonly told: number;
}

/** What the writer had said up to some instant. */
export interface Promises {
  /** The batches of each channel, by name; its messages by batch. */
  readonly channels: ReadonlyMap<string, Progress & { readonly ids: ReadonlyMap<number, readonly string[]> }>;
  /** The moments of each turn that was claimed. */
  readonly turns: ReadonlyMap<string, Progress>;
  /** Answers: 1 is settled. */
  readonly deliveries: ReadonlyMap<string, Progress>;
}

export interface Listener {
  hear(change: Change): void;
  promises(): Promises;
}

interface Mutable {
  asked: number;
  told: number;
}

/** Listens to the file `said` among the changes of the disk. */
export function createListener(): Listener {
  const channels = new Map<string, Mutable & { readonly ids: Map<number, readonly string[]> }>();
  const turns = new Map<string, Mutable>();
  const deliveries = new Map<string, Mutable>();
  let file: string | null = null;

  return { hear, promises: () => ({ channels, turns, deliveries }) };

  function hear(change: Change): void {
    if (change.type === 'opened') {
      if (basename(change.path) === 'said') ({ file } = change);
      else if (file === change.file) file = null;
    }
    if (change.type === 'written' && change.file === file) {
      note(saidSchema.parse(JSON.parse(change.data.toString())));
    }
  }

  function note(said: Said): void {
    switch (said.what) {
      case 'accept': {
        const channel = channels.get(said.channel) ?? { asked: 0, told: 0, ids: new Map() };
        channels.set(said.channel, channel);
        channel.ids.set(said.batch, said.ids);
        return advance(channel, said.batch, said.told);
      }
      case 'claim':
        return void turns.set(said.turn, { asked: 0, told: 0 });
      case 'append':
        return advance(get(turns, said.turn), said.moment, said.told);
      case 'settle':
        return advance(get(deliveries, said.delivery), 1, said.told);
    }
  }
}

function get(all: Map<string, Mutable>, name: string): Mutable {
  const known = all.get(name) ?? { asked: 0, told: 0 };
  all.set(name, known);
  return known;
}

function advance(progress: Mutable, to: number, told: boolean): void {
  progress[told ? 'told' : 'asked'] = to;
}
