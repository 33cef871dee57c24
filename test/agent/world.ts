import { type AgentDeps, type AgentOptions, defaultAgentOptions } from '#agent/deps.ts';
import type { TurnOutcome } from '#core/ports/turn-run.ts';
import { createLive } from '#agent/live.ts';
import { runTurn } from '#agent/run-turn.ts';
import { limitsFor } from '#budget/limits.ts';
import { type RunningTurn, createRunningTurn } from '#conversation/running.ts';
import type { ChatKey } from '#core/address.ts';
import { parseChatKey } from '#core/address.ts';
import type { FileRef } from '#core/event.ts';
import type { Role } from '#core/person.ts';
import type { Rule } from '#core/policy.ts';
import type { LiveEvent } from '#core/ports/live.ts';
import type { StepBody, StepKind } from '#core/step.ts';
import type { StorePort } from '#core/store/store.ts';
import type { Tool } from '#core/tool.ts';
import type { Turn } from '#core/turn.ts';
import { createPreview } from '#outbox/preview.ts';
import { createPolicy, defaultRules } from '#policy/policy.ts';
import { loadCatalogue } from '#prompts/catalogue.ts';
import {
  type ScriptedModel,
  type ScriptedModelOptions,
  type Scene,
  createScriptedModel,
} from '#test/fakes/scripted-model.ts';
import { type TestGround, createGround } from '#test/kernel/ground.ts';
import { createTools } from '#tools/index.ts';

export interface AgentWorldOptions {
  readonly scenes?: readonly Scene[];
  readonly model?: ScriptedModelOptions;
  readonly tools?: readonly Tool[];
  readonly rules?: readonly Rule[];
  readonly options?: Partial<AgentOptions>;
  readonly budget?: { readonly perTurnUsd?: number; readonly perPersonDayUsd?: number };
  readonly deps?: Partial<AgentDeps>;
  /** What stands between the agent and its rows. */
  readonly store?: (store: StorePort) => StorePort;
  /** Goes on with the rows of another world, under its own boot. */
  readonly ground?: TestGround;
  readonly steers?: boolean;
}

export interface AgentWorld extends TestGround {
  readonly model: ScriptedModel;
  readonly deps: AgentDeps;
  readonly shown: readonly LiveEvent[];
  /** Stores a message without running it. */
  receive(text: string, who?: Who): Promise<void>;
  claim(): Promise<Turn>;
  /** The claimed turn as the conversation station runs it. */
  enter(turn: Turn): RunningTurn;
  run(turn: Turn | RunningTurn): Promise<TurnOutcome>;
  /** receive → claim → run. */
  ask(text: string, who?: Who): Promise<Turn>;
  /** The next turn of the queue, run to its end. */
  next(): Promise<Turn>;
  steps(turn: Turn): Promise<readonly StepBody[]>;
  kinds(turn: Turn): Promise<readonly StepKind[]>;
  results(turn: Turn): Promise<readonly Extract<StepBody, { kind: 'result' }>[]>;
  status(turn: Turn): Promise<string>;
  decide(id: string, decision: 'approved' | 'denied' | 'expired', reason?: string): Promise<void>;
}

export interface Who {
  readonly chat?: ChatKey;
  readonly person?: string;
  readonly role?: Role;
  readonly name?: string;
  readonly direct?: boolean;
  readonly files?: readonly FileRef[];
}

let messages = 0;
const unheard = { ok: false, why: 'nobody hears it', mayBeBilled: false } as const;

/** The agent on real rows, with the real tools, policy, budget, prompts and outbox; only the model is played. */
export async function createAgentWorld(world: AgentWorldOptions = {}): Promise<AgentWorld> {
  const ground = world.ground ?? (await createGround());
  const store = world.store?.(ground.store) ?? ground.store;
  const { clock, ids, log, compose, directory } = ground;
  const model = createScriptedModel(world.scenes ?? [], world.model);
  const live = createLive();
  const shown: LiveEvent[] = [];
  live.subscribe((event) => shown.push(event));
  const prompts = await loadCatalogue();
  const budget = { perTurnUsd: 0.5, perPersonDayUsd: 5, guestDayUsd: 0.2, ...world.budget };
  const deps: AgentDeps = {
    ...store,
    clock,
    ids,
    log,
    compose,
    directory,
    model,
    live,
    preview: createPreview(
      { outbox: store.outbox, compose, clock, ids, log, adapter: () => null },
      { firstAfterMs: 0, minChars: 1 },
    ),
    tools: [...createTools({ ...store, compose, ids, clock, files: ground.files }), ...(world.tools ?? [])],
    policy: createPolicy([...defaultRules, ...(world.rules ?? [])]),
    assertEpoch: () => store.boots.assertCurrent(),
    tellWaiting: () => undefined,
    tellUnheard: () => undefined,
    media: { read: async ({ file }) => ({ outcome: 'unreadable', mime: file.mime, why: 'nobody reads it' }) },
    transcription: { estimate: () => null, transcribe: async () => unheard },
    systemPrompt: prompts.system,
    limits: limitsFor(() => budget),
    ...world.deps,
  };
  const self: AgentWorld = {
    ...ground,
    store,
    model,
    deps,
    shown,
    receive,
    claim,
    enter,
    run,
    ask: async (text, who) => {
      await receive(text, who);
      return self.next();
    },
    next: async () => {
      const turn = await claim();
      await run(turn);
      return turn;
    },
    steps,
    kinds: async (turn) => (await steps(turn)).map((body) => body.kind),
    results: async (turn) => (await steps(turn)).filter((body) => body.kind === 'result'),
    status: async (turn) => (await ground.store.turns.get(turn.id))?.status ?? 'missing',
    decide,
  };
  return self;

  async function receive(text: string, who: Who = {}): Promise<void> {
    const {
      chat = 'telegram:7',
      person = 'ann',
      role = 'owner',
      name = 'Ann',
      direct = true,
      files = [],
    } = who;
    const address = parseChatKey(chat);
    if (address === null) throw new Error(`${chat} is no chat.`);
    messages += 1;
    const event = {
      platformId: `agent-${messages}`,
      kind: 'message' as const,
      chat: address,
      direct,
      sender: { id: address.chat, name },
      addressed: true,
      text,
      files: [...files],
      messageId: `m${messages}`,
      replyTo: null,
      sentAt: clock.now(),
      raw: '{}',
    };
    const route = {
      lane: 'turn' as const,
      person,
      role,
      conversation: null,
      startsConversation: false,
      coalesce: true,
      history: [],
    };
    await ground.store.events.accept({
      channel: address.channel,
      entries: [{ id: ids.event(), newConversation: ids.conversation(), event, route }],
      cursor: null,
      at: clock.now(),
    });
  }

  async function claim(): Promise<Turn> {
    const claimed = await ground.store.turns.claim({
      turn: ids.turn(),
      now: clock.now(),
      maxRunning: 10,
      maxPerPerson: 10,
      maxEvents: 20,
      maxChars: 60_000,
      staleBefore: null,
    });
    if (claimed.type !== 'turn') throw new Error('There was nothing to claim.');
    return claimed.turn;
  }

  function enter(turn: Turn): RunningTurn {
    const steers = async (): Promise<boolean> => world.steers ?? false;
    return createRunningTurn({ turns: store.turns, clock, steers }, turn, {
      maxEvents: 20,
      maxChars: 60_000,
      joinUntil: turn.startedAt + 700,
    });
  }

  async function run(what: Turn | RunningTurn): Promise<TurnOutcome> {
    const running = 'handle' in what ? what : enter(what);
    return runTurn(deps, { ...defaultAgentOptions, ...world.options }, running.handle);
  }

  async function steps(turn: Turn): Promise<readonly StepBody[]> {
    return (await ground.store.steps.ofTurn(turn.id)).map((step) => step.body);
  }

  async function decide(
    id: string,
    decision: 'approved' | 'denied' | 'expired',
    reason: string | null = null,
  ): Promise<void> {
    await ground.store.approvals.decide({
      id,
      decision,
      by: 'ann',
      reason,
      event: ids.event(),
      at: clock.now(),
    });
  }
}
