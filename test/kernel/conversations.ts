import { onTestFinished } from 'vitest';
import type { Turn } from '#core/turn.ts';
import type { Append } from '#core/store/turns.ts';
import type { StepBody } from '#core/step.ts';
import { type Conversations, createConversations } from '#conversation/conversation.ts';
import { type ConversationOptions, defaultConversationOptions } from '#conversation/deps.ts';
import { createNotices } from '#conversation/notices.ts';
import type { TurnRun } from '#core/ports/turn-run.ts';
import type { TestGround } from './ground.ts';

/** A turn that runs until the test says how it ends, as the agent would end it. */
export interface TestRun {
  readonly turn: Turn;
  readonly handle: TurnRun;
  /** What it was given to answer so far. */
  inputs(): Promise<readonly string[]>;
  /** Journals a reply and goes on, as before a tool call. */
  step(text: string): Promise<void>;
  /** Closes, commits the reply and ends. False: messages joined, so the reply was not used. */
  answer(text: string): Promise<boolean>;
  /** The run throws. */
  fail(error: Error): void;
  /** It was aborted and left its row as it stands. */
  left(): boolean;
}

export interface TestConversations {
  readonly conversations: Conversations;
  readonly settings: {
    queue: 'queue' | 'steer' | 'interrupt';
    coalesceMs: number;
    staleHours: number;
    turnsPerMinute: number;
  };
  /** Runs in progress, oldest first. */
  readonly runs: readonly TestRun[];
  /** Every run that was ever started, oldest first. */
  readonly started: readonly TestRun[];
  /** The process dies: nothing of it is heard any more, its rows stay as they are. */
  kill(): void;
  /** Ticks until there is nothing to do at once. */
  work(): Promise<void>;
}

export interface TestConversationsOptions extends Partial<Omit<ConversationOptions, 'settings'>> {
  /** Called at the start of each run, before it waits: a throw is the run's. */
  readonly onRun?: (run: TestRun) => void | Promise<void>;
}

export function createTestConversations(
  ground: TestGround,
  { onRun, ...options }: TestConversationsOptions = {},
): TestConversations {
  const { store } = ground;
  const settings: TestConversations['settings'] = {
    queue: 'queue',
    coalesceMs: 700,
    staleHours: 6,
    turnsPerMinute: 0,
  };
  const runs: TestRun[] = [];
  const started: TestRun[] = [];
  let alive = true;
  const conversations = createConversations(
    {
      ...store,
      ...ground,
      random: { next: () => 0.5 },
      live: { clear: () => undefined },
      feedback: { start: () => () => undefined },
      notices: createNotices({ ...store, ...ground }),
      runTurn: async (handle) => {
        const { run, done } = createRun(ground, handle);
        runs.push(run);
        started.push(run);
        try {
          await onRun?.(run);
          return await done;
        } finally {
          runs.splice(runs.indexOf(run), 1);
        }
      },
    },
    { ...defaultConversationOptions, maxChars: () => 60_000, ...options, settings: () => settings },
  );
  const unsubscribe = store.onCommit((note) => alive && conversations.onCommit(note));
  const kill = (): void => {
    alive = false;
    unsubscribe();
  };
  onTestFinished(kill);
  return { conversations, settings, runs, started, kill, work };

  async function work(): Promise<void> {
    while (await conversations.tick()) void 0;
  }
}

const nothing: Omit<Append, 'turn' | 'at'> = {
  steps: [],
  deliveries: [],
  settle: null,
  approvals: [],
  seal: false,
  end: null,
};

function createRun(
  { store, clock, compose }: TestGround,
  handle: TurnRun,
): { readonly run: TestRun; readonly done: Promise<'ended' | 'left'> } {
  const { turn } = handle;
  const done = Promise.withResolvers<'ended' | 'left'>();
  let isLeft = false;
  const leave = (): void => {
    isLeft = true;
    done.resolve('left');
  };
  if (handle.signal.aborted) leave();
  handle.signal.addEventListener('abort', leave, { once: true });
  const append = (part: Partial<Append>): Promise<unknown> =>
    store.turns.append({ turn: turn.id, at: clock.now(), ...nothing, ...part });
  const run: TestRun = {
    turn,
    handle,
    inputs: async () => {
      const steps = await store.steps.ofTurn(turn.id);
      return steps.flatMap(({ body }) => (body.kind === 'input' ? [body.text] : []));
    },
    step: async (text) => void (await append({ steps: [reply(text)] })),
    answer: async (text) => {
      if (!(await handle.close())) return false;
      const saying = { chat: turn.chat, markdown: text, key: `final:${turn.id}` };
      const deliveries = compose.say({ ...saying, replyTo: null, buttons: [], editOf: null });
      await append({ steps: [reply(text)], deliveries, seal: true, end: { status: 'done', reason: null } });
      done.resolve('ended');
      return true;
    },
    fail: (error) => done.reject(error),
    left: () => isLeft,
  };
  return { run, done: done.promise };
}

function reply(text: string): StepBody {
  return { kind: 'reply', text, toolCalls: [], model: 'm', usage: null, finish: 'stop' };
}
