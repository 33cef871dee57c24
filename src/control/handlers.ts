import { TiroError } from '#core/errors.ts';
import type { ConversationId, DeliveryId, TurnId } from '#core/ids.ts';
import { decideApproval } from './approvals.ts';
import type { ControlDeps } from './deps.ts';
import { runChecks } from './health/doctor.ts';
import { createLinks } from './links.ts';
import { createPeopleHandlers } from './people/handlers.ts';
import { readStatus } from './health/status.ts';
import type { Actor, ControlName, ControlSurface, TurnReport } from './surface.ts';
import { explainTurn } from './why.ts';

export type Handlers = {
  readonly [K in ControlName]: (
    input: ControlSurface[K]['input'],
    actor: Actor,
  ) => Promise<ControlSurface[K]['output']>;
};

/** Every command over the rows. Who may call it was checked before. */
export function createHandlers(deps: ControlDeps): Handlers {
  const { store, clock } = deps;
  return {
    status: () => readStatus(deps),
    'channels.list': async () => deps.channels(),
    ...createLinks(deps),
    'conversations.list': ({ limit }) => store.conversations.list({ person: null, limit }),
    'conversations.show': async ({ id }) => {
      const conversation = found(await store.conversations.get(conversationId(id)), 'conversation', id);
      return { conversation, steps: await store.steps.ofConversation(conversation.id) };
    },
    'turns.list': ({ status, conversation, limit }) =>
      store.turns.list({
        status,
        conversation: conversation === null ? null : conversationId(conversation, 'conversation'),
        limit,
      }),
    'turns.show': ({ id }) => readTurn(deps, id),
    'turns.why': async ({ id }) => ({ lines: explainTurn(await readTurn(deps, id), clock.now()) }),
    'turns.cancel': ({ id }, actor) => cancelTurn(deps, id, actor),
    'turns.redrive': async ({ id }) => {
      const turn = found(await store.turns.get(turnId(id)), 'turn', id);
      return { redriven: await store.turns.redrive({ turn: turn.id, at: clock.now() }) };
    },
    'outbox.list': ({ status, limit }) => store.outbox.list({ status, limit }),
    'outbox.redrive': async ({ id }) => {
      const delivery = found(await store.outbox.get(deliveryId(id)), 'delivery', id);
      return { redriven: await store.outbox.redrive({ id: delivery.id, at: clock.now() }) };
    },
    'approvals.list': ({ status, limit }) => store.approvals.list({ status, chat: null, limit }),
    'approvals.decide': ({ id, decision, reason }, actor) =>
      decideApproval(
        { approvals: store.approvals, ids: deps.ids, clock },
        { ...deps.directory.person(actor.person), approves: actor.role === 'owner' ? 'all' : 'none' },
        { id, decision: decision === 'once' ? 'approved' : 'denied', reason, askedAt: null },
      ),
    ...createPeopleHandlers(deps),
    spend: ({ days }) => store.spend.byDay({ since: clock.now() - days * 86_400_000, person: null }),
    doctor: (input) => runChecks(deps, input),
    'config.show': () => deps.config(),
    models: async () => deps.models(),
  };
}

async function readTurn({ store }: ControlDeps, id: string): Promise<TurnReport> {
  const turn = found(await store.turns.get(turnId(id)), 'turn', id);
  const [events, steps, spend, deliveries] = await Promise.all([
    store.turns.eventsOf(turn.id),
    store.steps.ofTurn(turn.id),
    store.spend.ofTurn(turn.id),
    store.outbox.ofTurn(turn.id),
  ]);
  return {
    turn,
    events,
    steps,
    deliveries,
    spend: spend.map((row) => ({
      model: row.model,
      costUsd: row.costUsd,
      promptTokens: row.usage?.promptTokens ?? 0,
      cachedTokens: row.usage?.cachedTokens ?? 0,
      completionTokens: row.usage?.completionTokens ?? 0,
    })),
  };
}

async function cancelTurn(
  deps: ControlDeps,
  id: string,
  actor: Actor,
): Promise<{ readonly cancelled: boolean }> {
  const turn = found(await deps.store.turns.get(turnId(id)), 'turn', id);
  if (turn.status !== 'running') return { cancelled: false };
  const nothing = { steps: [], deliveries: [], settle: null, approvals: [], seal: false };
  const end = { status: 'cancelled', reason: `cancelled by ${actor.person}` } as const;
  try {
    await deps.store.turns.append({ turn: turn.id, at: deps.clock.now(), ...nothing, end });
    return { cancelled: true };
  } catch (error) {
    // It may have ended in the same moment: then there is nothing to cancel.
    const now = await deps.store.turns.get(turn.id);
    if (now?.status === 'running') throw error;
    return { cancelled: false };
  }
}

function found<T>(value: T | null, noun: string, id: string): T {
  if (value === null) throw new TiroError('not-found', `There is no ${noun} ${id}.`);
  return value;
}

const isTurnId = (id: string): id is TurnId => id.startsWith('trn_');
const isConversationId = (id: string): id is ConversationId => id.startsWith('cnv_');
const isDeliveryId = (id: string): id is DeliveryId => id.startsWith('dlv_');

function turnId(id: string): TurnId {
  if (isTurnId(id)) return id;
  throw new TiroError('bad-input', `id: ${id} is no turn; their ids begin with trn_ (see tiro turns).`);
}

function conversationId(id: string, field = 'id'): ConversationId {
  if (isConversationId(id)) return id;
  throw new TiroError(
    'bad-input',
    `${field}: ${id} is no conversation; their ids begin with cnv_ (see tiro conversations).`,
  );
}

function deliveryId(id: string): DeliveryId {
  if (isDeliveryId(id)) return id;
  throw new TiroError('bad-input', `id: ${id} is no delivery; their ids begin with dlv_ (see tiro outbox).`);
}
