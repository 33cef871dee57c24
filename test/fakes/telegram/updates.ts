import type { ServerResponse } from 'node:http';
import { answer } from './wire.ts';

export interface Update {
  readonly update_id: number;
  readonly [kind: string]: unknown;
}

export interface Webhook {
  readonly url: string;
  readonly secret: string;
}

/** Updates wait here until they are confirmed: by a getUpdates with a higher offset, or by a webhook's 2xx. */
export interface UpdateQueue {
  push(body: Readonly<Record<string, unknown>>): Update;
  /** Gives an update once more with the next ones, whether it was confirmed or not. */
  again(update: Update): void;
  getUpdates(query: Query, response: ServerResponse): void;
  setWebhook(webhook: Webhook | null, allowed: readonly string[] | null): void;
  readonly webhook: Webhook | null;
  readonly lastError: string | null;
  readonly pending: readonly Update[];
  readonly confirmed: readonly number[];
  close(): void;
}

export interface Query {
  readonly offset: number;
  readonly limit: number;
  readonly timeoutSeconds: number;
  readonly allowed: readonly string[] | null;
}

interface Poll {
  wake(): void;
  conflict(description: string): void;
}

const kinds = ['message', 'edited_message', 'channel_post', 'callback_query', 'message_reaction'];
const webhookRetryMs = 100;
const rivalPoller =
  'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running';
const webhookActive =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

/** Of the confirmed ids only the newest `keep` are remembered. */
export function createUpdateQueue(firstUpdateId: number, keep: number): UpdateQueue {
  let nextId = firstUpdateId;
  const pending: Update[] = [];
  let repeats: Update[] = [];
  /** How many of them, from the front, were looked at already for kinds that nobody wants, and what was wanted then. */
  let screened = 0;
  let screenedFor = '';
  const confirmed: number[] = [];
  let poll: Poll | null = null;
  let webhook: Webhook | null = null;
  let lastError: string | null = null;
  let delivering = false;
  let stopped = false;

  return {
    push,
    again: (update) => {
      repeats.push(update);
      poll?.wake();
    },
    getUpdates,
    setWebhook,
    get webhook() {
      return webhook;
    },
    get lastError() {
      return lastError;
    },
    get pending() {
      return pending;
    },
    confirmed,
    close: () => {
      stopped = true;
      poll = null;
    },
  };

  function push(body: Readonly<Record<string, unknown>>): Update {
    const update = { update_id: nextId, ...body };
    nextId += 1;
    pending.push(update);
    poll?.wake();
    void deliver();
    return update;
  }

  /** They wait in the order of their ids: a poll of a hundred among 50,000 looks at a hundred. */
  function confirmBefore(offset: number): void {
    const first = pending.findIndex((update) => update.update_id >= offset);
    confirm(pending.splice(0, first < 0 ? pending.length : first));
  }

  function confirm(done: readonly Update[]): void {
    for (const update of done) confirmed.push(update.update_id);
    if (confirmed.length > keep) confirmed.splice(0, confirmed.length - keep);
    screened = Math.max(0, screened - done.length);
  }

  function forgetUnwanted(allowed: readonly string[] | null): void {
    if (allowed === null) return;
    if (allowed.join() !== screenedFor) screened = 0;
    screenedFor = allowed.join();
    const unwanted = kinds.filter((kind) => !allowed.includes(kind));
    const fresh = pending.splice(screened);
    for (const update of fresh) if (!unwanted.some((kind) => kind in update)) pending.push(update);
    screened = pending.length;
  }

  function getUpdates(query: Query, response: ServerResponse): void {
    if (webhook !== null) {
      answer(response, 409, { ok: false, error_code: 409, description: webhookActive });
      return;
    }
    confirmBefore(query.offset);
    forgetUnwanted(query.allowed);
    poll?.conflict(rivalPoller); // a second poller makes the server end the older one
    poll = null;
    const give = (): void => {
      // What was not confirmed comes again by itself, in its order.
      const older = repeats.filter((update) => !pending.includes(update));
      const result = [...older, ...pending].slice(0, query.limit);
      repeats = older.slice(query.limit);
      answer(response, 200, { ok: true, result });
    };
    if (repeats.length + pending.length > 0 || query.timeoutSeconds === 0) {
      give();
      return;
    }
    const timer = setTimeout(() => end(give), query.timeoutSeconds * 1000);
    const mine: Poll = {
      wake: () => end(give),
      conflict: (description) =>
        end(() => answer(response, 409, { ok: false, error_code: 409, description })),
    };
    function end(how: () => void): void {
      clearTimeout(timer);
      if (poll === mine) poll = null;
      how();
    }
    poll = mine;
    response.on('close', () => end(() => undefined));
  }

  function setWebhook(next: Webhook | null, allowed: readonly string[] | null): void {
    webhook = next;
    lastError = null;
    if (next !== null) poll?.conflict('Conflict: terminated by setWebhook request');
    forgetUnwanted(allowed);
    void deliver();
  }

  /** One after the other, the same one again until it is taken. */
  async function deliver(): Promise<void> {
    if (delivering) return;
    delivering = true;
    while (await deliverFirst());
    delivering = false;
  }

  async function deliverFirst(): Promise<boolean> {
    const update = pending[0];
    if (webhook === null || update === undefined || stopped) return false;
    lastError = await post(webhook, update);
    // It may be gone: a poll can have confirmed it meanwhile.
    if (lastError === null && pending[0] === update) confirm(pending.splice(0, 1));
    if (lastError !== null) await new Promise((resolve) => setTimeout(resolve, webhookRetryMs).unref());
    return true;
  }
}

async function post(webhook: Webhook, update: Update): Promise<string | null> {
  const headers = { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': webhook.secret };
  try {
    const response = await fetch(webhook.url, { method: 'POST', headers, body: JSON.stringify(update) });
    await response.arrayBuffer();
    return response.ok ? null : `Wrong response from the webhook: ${response.status}`;
  } catch {
    return 'Connection refused';
  }
}
