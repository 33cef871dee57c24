import { signed } from './wire.ts';

/** A POST of Meta's to the app; given again until it is acknowledged. */
export interface Delivery {
  readonly kind: 'messages' | 'statuses';
  readonly body: string;
  attempts: number;
  acknowledged: boolean;
}

/** Where webhooks go: an answer's status. */
export type Hook = (body: string, headers: Readonly<Record<string, string>>) => Promise<number>;

export interface Deliveries {
  readonly all: readonly Delivery[];
  push(payload: unknown, kind?: Delivery['kind']): Delivery;
  /** Once more, acknowledged or not. */
  again(delivery: Delivery): void;
  /** Null: nobody is there; what is pushed waits. */
  follow(hook: Hook | null): void;
  close(): void;
}

export interface DeliveriesOptions {
  readonly appSecret: string;
  /** After a refusal, and how long an answer is waited for. */
  readonly redeliverAfterMs: number;
  readonly onAcknowledged?: (delivery: Delivery) => void;
}

/**
 * One POST after another, in order. While nobody answers, the line waits; what is refused comes again later, and holds
 * nothing up meanwhile.
 */
export function createDeliveries({
  appSecret,
  redeliverAfterMs,
  onAcknowledged = () => undefined,
}: DeliveriesOptions): Deliveries {
  const all: Delivery[] = [];
  const line: Delivery[] = [];
  const pauses = createPauses(redeliverAfterMs);
  let hook: Hook | null = null;
  let isRunning = false;
  return {
    all,
    push: (payload, kind = 'messages') => {
      const delivery: Delivery = { kind, body: JSON.stringify(payload), attempts: 0, acknowledged: false };
      all.push(delivery);
      give(delivery);
      return delivery;
    },
    again: (delivery) => {
      delivery.acknowledged = false;
      give(delivery);
    },
    follow: (next) => {
      hook = next;
      pauses.end();
    },
    close: () => {
      hook = null;
      line.length = 0;
      pauses.close();
    },
  };

  function give(delivery: Delivery): void {
    line.push(delivery);
    void run();
  }

  async function run(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    for (let next = line.shift(); next !== undefined; next = line.shift()) {
      const status = await post(next);
      if (status === 200) acknowledge(next);
      else if (status === 0) {
        line.unshift(next);
        await pauses.one();
      } else void giveLater(next);
    }
    isRunning = false;
  }

  /** 0: nobody answered. */
  async function post(delivery: Delivery): Promise<number> {
    if (hook === null) return 0;
    delivery.attempts += 1;
    const answered = hook(delivery.body, signed(delivery.body, appSecret)).catch(() => 0);
    return Promise.race([answered, pauses.one().then(() => 0)]);
  }

  async function giveLater(delivery: Delivery): Promise<void> {
    await pauses.one();
    if (!delivery.acknowledged) give(delivery);
  }

  function acknowledge(delivery: Delivery): void {
    if (delivery.acknowledged) return;
    delivery.acknowledged = true;
    onAcknowledged(delivery);
  }
}

function createPauses(ms: number): {
  one(): Promise<void>;
  /** All that are under way are over. */
  end(): void;
  /** None is ever over again. */
  close(): void;
} {
  const running = new Map<NodeJS.Timeout, () => void>();
  let isClosed = false;
  return {
    one: () =>
      new Promise((resolve) => {
        if (isClosed) return;
        const timer = setTimeout(() => {
          running.delete(timer);
          resolve();
        }, ms);
        running.set(timer, resolve);
      }),
    end: () => {
      for (const [timer, resolve] of running) {
        clearTimeout(timer);
        resolve();
      }
      running.clear();
    },
    close: () => {
      isClosed = true;
      for (const timer of running.keys()) clearTimeout(timer);
      running.clear();
    },
  };
}
