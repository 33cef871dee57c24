import { createHash, createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';

/** An endpoint as its sender knows it. */
export interface SenderEndpoint {
  readonly name: string;
  readonly scheme: 'standard' | 'github' | 'hmac-sha256';
  readonly secret: string;
  /** Of hmac-sha256: the time is signed too. */
  readonly timestampHeader?: string;
}

/** Something that happened, told until it was heard. */
export interface Message {
  readonly endpoint: SenderEndpoint;
  readonly id: string;
  readonly body: string;
  /** On the sender's clock, epoch ms: each try signs the time that it is then. */
  readonly now: () => number;
  readonly headers: Readonly<Record<string, string>>;
}

/** POSTs to a path; rejects when there is no answer. */
export type Target = (path: string, init: RequestInit) => Promise<Response>;

export interface Sender {
  /** Where the gateway is; what is under way begins anew there. Null: nowhere. */
  follow(target: Target | null): void;
  send(message: Message): void;
  /** How many were answered for good: 2xx, or an error that no repetition mends. */
  acknowledged(): number;
  /** The status of each answer that came. */
  readonly statuses: readonly number[];
  close(): void;
}

const againMs = 20;

export function createSender(options: { onHeard?(message: Message): void } = {}): Sender {
  let target: Target | null = null;
  let current = new AbortController();
  const closed = new AbortController();
  const statuses: number[] = [];
  let acknowledged = 0;
  return {
    follow: (next) => {
      target = next;
      current.abort();
      current = new AbortController();
    },
    send: (message) => void deliver(message),
    acknowledged: () => acknowledged,
    statuses,
    close: () => {
      closed.abort();
      current.abort();
    },
  };

  async function deliver(message: Message): Promise<void> {
    while (!closed.signal.aborted) {
      const status = await attempt(message);
      if (status !== null) statuses.push(status);
      if (status !== null && isFinal(status)) {
        acknowledged += 1;
        if (status < 300) options.onHeard?.(message);
        return;
      }
      await sleep(againMs);
    }
  }

  async function attempt(message: Message): Promise<number | null> {
    const { signal } = current;
    const cut = new Promise<null>((resolve) =>
      signal.addEventListener('abort', () => resolve(null), { once: true }),
    );
    try {
      const answer = target?.(`/hooks/${message.endpoint.name}`, { ...signed(message), signal });
      const response = await Promise.race([answer ?? null, cut]);
      await response?.body?.cancel();
      return response?.status ?? null;
    } catch {
      return null; // no gateway there, or killed before its answer
    }
  }
}

function isFinal(status: number): boolean {
  return status < 500 && status !== 429 && status !== 408;
}

/** A try, signed as the scheme has it: Standard Webhooks by its own package, the others by hand. */
export function signed(message: Message): {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string;
} {
  const { body } = message;
  const headers = { 'content-type': 'application/json', ...signature(message), ...message.headers };
  return { method: 'POST', headers, body };
}

function signature({ endpoint, id, body, now }: Message): Record<string, string> {
  const seconds = String(Math.floor(now() / 1_000));
  if (endpoint.scheme === 'standard') {
    const mac = new Webhook(endpoint.secret).sign(id, new Date(now()), body);
    return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': mac };
  }
  const { timestampHeader } = endpoint;
  const text = timestampHeader === undefined ? body : `${seconds}.${body}`;
  const mac = `sha256=${createHmac('sha256', endpoint.secret).update(text).digest('hex')}`;
  if (endpoint.scheme === 'github')
    return { 'x-hub-signature-256': mac, 'x-github-event': 'push', 'x-github-delivery': id };
  const time = timestampHeader === undefined ? {} : { [timestampHeader]: seconds };
  return { 'x-signature-256': mac, ...time };
}

/** What the gateway makes the event's id of, read from the documentation and not from its code. */
export function eventIdFor({ endpoint, id, body }: Message): string {
  if (endpoint.scheme === 'standard') return id;
  return createHash('sha256').update(body).digest('hex').slice(0, 32);
}
