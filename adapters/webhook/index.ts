import type { Abilities } from '#core/delivery.ts';
import type { AdapterDeps, AdapterPort, SinkPort } from '#core/ports/adapter.ts';
import { checkEndpoints } from './check.ts';
import { bodyLimitBytes, createDoors } from './receive.ts';
import { createSend } from './send.ts';
import { type WebhookSettings, webhookSettingsSchema } from './settings.ts';

export interface WebhookDeps extends AdapterDeps {
  /** Absent: the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
}

const can = { edits: false, typing: false, buttons: false, threads: true, reactions: false, drafts: false };
/** Of the call-backs: an answer that goes to a chat has the abilities of its channel. */
const abilities: Abilities = {
  ...can,
  unattended: true,
  files: null,
  dialects: ['plain'],
  maxText: 100_000,
  countedAs: 'utf16',
  delivery: 'push',
  sendSemantics: 'idempotent',
  editEveryMs: 1_000,
  sendEveryMs: 0,
  coalesce: false,
};

/** Contract: throws a ZodError where `settings` are not those of `channels.webhook`. */
export function buildWebhook(deps: WebhookDeps, settings: unknown): AdapterPort {
  return createWebhook(deps, webhookSettingsSchema.parse(settings));
}

/** Signed requests of other programs: each is an event with a conversation of its own, answered in a chat or by a call-back. */
export function createWebhook(deps: WebhookDeps, { endpoints }: WebhookSettings): AdapterPort {
  let sink: SinkPort | null = null;
  const doors = createDoors(deps, endpoints, () => sink);
  return {
    name: 'webhook',
    abilities,
    start,
    handle: doors.handle,
    hooks: { names: endpoints.map(({ name }) => name), maxBytes: bodyLimitBytes },
    destination: ({ chat }) => {
      const replyTo = endpoints.find(({ name }) => name === chat)?.replyTo;
      return replyTo?.type === 'chat' ? replyTo.chat : null;
    },
    send: createSend({ clock: deps.clock, fetch: deps.fetch ?? globalThis.fetch }, endpoints),
    check: async () => checkEndpoints(endpoints, doors.seen),
    close: () => Promise.resolve(),
  };

  /** Nothing to connect to: it is up as long as it is wanted. */
  async function start(...[given, signal]: Parameters<AdapterPort['start']>): Promise<void> {
    sink = given;
    given.state('up', 'connected');
    const over = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => over.resolve(), { once: true });
    if (signal.aborted) over.resolve();
    await over.promise;
    sink = null;
  }
}
