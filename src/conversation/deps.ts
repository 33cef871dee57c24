import type { ConversationId, IdsPort, TurnId } from '#core/ids.ts';
import type { ClockPort, LogPort, RandomPort } from '#core/ports/clock.ts';
import type { FeedbackPort } from '#core/ports/compose.ts';
import type { LivePort } from '#core/ports/live.ts';
import type { BootsPort } from '#core/store/boots.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import type { EventsPort, StaleQuestion } from '#core/store/events.ts';
import type { Append, TurnsPort } from '#core/store/turns.ts';
import type { QueueMode, Turn } from '#core/turn.ts';
import type { TurnOutcome, TurnRun } from '#core/ports/turn-run.ts';
import type { TurnCapacity } from './running.ts';

export interface ConversationDeps {
  readonly turns: Pick<
    TurnsPort,
    'claim' | 'join' | 'append' | 'orphans' | 'resume' | 'defer' | 'retryDue' | 'get'
  >;
  readonly events: Pick<EventsPort, 'waiting' | 'waitingForPlace'>;
  readonly boots: Pick<BootsPort, 'current' | 'healthy'>;
  readonly conversations: Pick<ConversationsPort, 'get'>;
  readonly clock: ClockPort;
  readonly random: RandomPort;
  readonly ids: IdsPort;
  readonly log: LogPort;
  readonly live: Pick<LivePort, 'clear'>;
  readonly feedback: FeedbackPort;
  /** Runs a turn from where its steps stand. Rejects for defects, and as `fenced` when the row is no longer ours. */
  readonly runTurn: (run: TurnRun) => Promise<TurnOutcome>;
  readonly notices: Notices;
}

/** Tiro's own words about turns; each is said once, however often it is asked for. */
export interface Notices {
  queued(waiting: {
    readonly conversation: ConversationId;
    readonly runningTurn: TurnId;
    readonly count: number;
  }): Promise<void>;
  /** Nothing runs in the conversation: its person has to wait (`dueAt` > 0), or there is no free place. */
  waitsForPlace(waiting: {
    readonly conversation: ConversationId;
    readonly head: number;
    readonly dueAt: number;
  }): Promise<void>;
  stale(question: StaleQuestion): Promise<void>;
  /** The text of an answer that was cut off is left as it was shown, and says so. Never throws. */
  cancelled(turn: Turn): void;
  /** What the commit that buries a turn says to its person. */
  dead(turn: Turn): Pick<Append, 'steps' | 'deliveries'>;
}

export interface ConversationOptions extends Pick<TurnCapacity, 'maxEvents'> {
  /** A quarter of the model's window, in characters; read at each use. */
  readonly maxChars: () => number;
  readonly maxRunning: number;
  readonly maxPerPerson: number;
  readonly maxAttempts: number;
  /** A message that waits this long, for whatever reason, is told that it is queued. */
  readonly queuedNoticeMs: number;
  /** Most conversations that are told in a minute that they wait for a place: a burst must not make as many notices. */
  readonly maxPlaceNotices: number;
  /** A turn that was running when the process crashed again holds the others back this long, longer with each crash. */
  readonly soloMs: number;
  /** Of the config; read at each use. */
  readonly settings: () => {
    readonly queue: QueueMode;
    readonly coalesceMs: number;
    readonly staleHours: number;
    /** Turns that a member may start in a minute, 0 for any number; a guest a fifth of it, the owner any number. */
    readonly turnsPerMinute: number;
  };
}

export const defaultConversationOptions: Omit<ConversationOptions, 'settings' | 'maxChars'> = {
  maxRunning: 64,
  maxPerPerson: 16,
  maxAttempts: 5,
  maxEvents: 20,
  queuedNoticeMs: 1_200,
  maxPlaceNotices: 32,
  soloMs: 30_000,
};
