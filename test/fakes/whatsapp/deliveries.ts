import type { BinaryNode } from 'baileys';
import type { Connection } from './wire/connection.ts';

/** One stanza for the client, until it is acknowledged. */
export interface Delivery {
  readonly id: string;
  stanza: BinaryNode;
  isSent: boolean;
  acknowledged: boolean;
  /** So often the client asked its sender for it anew. */
  retries: number;
  /** Encrypts what was said once more, with a new session. */
  readonly seal: (retry: number) => Promise<BinaryNode>;
}

/** The server's queue for one device: what was not acknowledged comes again with every connection. */
export interface Deliveries {
  readonly all: readonly Delivery[];
  add(delivery: Omit<Delivery, 'isSent' | 'acknowledged' | 'retries'>): void;
  /** A receipt of somebody's phone, until the client has taken it. */
  tell(receipt: BinaryNode): void;
  told(id: string): void;
  /** The client is there: everything that waits goes out. */
  begin(connection: Connection): void;
  end(connection: Connection): void;
  /** `plain`: of a message that was read; `retry`: it could not be; `refused`: it never can be. */
  hear(id: string, what: 'plain' | 'retry' | 'refused'): Promise<void>;
  acknowledged(): number;
  /** Keys that a client asked for anew. */
  retries(): number;
}

export function createDeliveries(onAcknowledged: (id: string) => void): Deliveries {
  const all: Delivery[] = [];
  const receipts = new Map<string, BinaryNode>();
  let live: Connection | null = null;
  let count = 0;
  let retries = 0;
  const isOpen = (): boolean => live?.isOpen() ?? false;
  const send = (delivery: Delivery, isOffline: boolean): void => {
    delivery.isSent = true;
    const { stanza } = delivery;
    live?.send(isOffline ? { ...stanza, attrs: { ...stanza.attrs, offline: '0' } } : stanza);
  };
  return {
    all,
    acknowledged: () => count,
    retries: () => retries,
    tell: (receipt) => {
      receipts.set(receipt.attrs['id'] ?? '', receipt);
      if (isOpen()) live?.send(receipt);
    },
    told: (id) => void receipts.delete(id),
    add: (added) => {
      const delivery = { ...added, isSent: false, acknowledged: false, retries: 0 };
      all.push(delivery);
      if (isOpen()) send(delivery, false);
    },
    begin: (connection) => {
      live = connection;
      const waiting = all.filter(({ acknowledged }) => !acknowledged);
      const number = String(waiting.length);
      const preview = { count: number, message: number, notification: '0', receipt: '0', appdata: '0' };
      connection.send({ tag: 'ib', attrs: {}, content: [{ tag: 'offline_preview', attrs: preview }] });
      for (const receipt of receipts.values())
        connection.send({ ...receipt, attrs: { ...receipt.attrs, offline: '0' } });
      for (const delivery of waiting) send(delivery, true);
      connection.send({ tag: 'ib', attrs: {}, content: [{ tag: 'offline', attrs: { count: number } }] });
    },
    end: (connection) => {
      if (live === connection) live = null;
    },
    hear: async (id, what) => {
      const delivery = all.find((it) => it.id === id && it.isSent && !it.acknowledged);
      if (delivery === undefined || (what === 'refused' && delivery.retries > 0)) return;
      if (what === 'retry') {
        retries += 1;
        delivery.retries += 1;
        delivery.stanza = await delivery.seal(delivery.retries);
        if (isOpen()) send(delivery, false);
        return;
      }
      delivery.acknowledged = true;
      count += 1;
      onAcknowledged(id);
    },
  };
}
