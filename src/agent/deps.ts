import type { IdsPort } from '#core/ids.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { ComposePort, PreviewPort } from '#core/ports/compose.ts';
import type { LivePort } from '#core/ports/live.ts';
import type { MediaPort, TranscriptionPort } from '#core/ports/media.ts';
import type { ModelPort } from '#core/ports/model.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { PolicyPort } from '#core/policy.ts';
import type { Person } from '#core/person.ts';
import type { SpendLimit } from '#core/spend.ts';
import type { ApprovalsPort } from '#core/store/approvals.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import type { SpendPort } from '#core/store/spend.ts';
import type { StepsPort, TurnsPort } from '#core/store/turns.ts';
import type { Tool } from '#core/tool.ts';
import type { Turn } from '#core/turn.ts';

export interface AgentDeps {
  readonly turns: Pick<TurnsPort, 'append' | 'get'>;
  readonly steps: Pick<StepsPort, 'latest'>;
  readonly conversations: Pick<ConversationsPort, 'get'>;
  readonly approvals: Pick<ApprovalsPort, 'list'>;
  readonly spend: Pick<SpendPort, 'reserve' | 'settle'>;
  readonly model: ModelPort;
  readonly media: Pick<MediaPort, 'read'>;
  readonly transcription: TranscriptionPort;
  readonly tools: readonly Tool[];
  readonly policy: PolicyPort;
  readonly compose: ComposePort;
  readonly preview: PreviewPort;
  readonly live: LivePort;
  readonly clock: ClockPort;
  readonly ids: IdsPort;
  readonly log: LogPort;
  /** Rejects as `fenced` when a newer gateway has taken over; asked again before each outside call. */
  readonly assertEpoch: () => Promise<void>;
  /** Tells the chat, once a turn, that the model does not answer and that it is tried again. Never throws. */
  readonly tellWaiting: (turn: Turn, reason: string) => void;
  /** Tells the chat, once a day, that voice notes cannot be heard. Never throws. */
  readonly tellUnheard: (turn: Turn) => void;
  /** The same bytes for the same people, chat and config. */
  readonly systemPrompt: (input: {
    readonly owner: Person;
    readonly person: Person;
    readonly turn: Turn;
  }) => string;
  readonly directory: Pick<DirectoryPort, 'person' | 'owner'>;
  /** The ceilings that hold for a call of this turn. */
  readonly limits: (person: Person, now: number) => readonly SpendLimit[];
}

export interface AgentOptions {
  /** Model calls of one turn. */
  readonly maxModelCalls: number;
  /** Prompt and output tokens of one turn, all calls together. */
  readonly maxTurnTokens: number;
  /** Wall time of one run of a turn; waiting for a person does not count, it ends the turn. */
  readonly maxTurnMs: number;
  readonly maxOutputTokens: number;
  /** Of what was said before this turn, at most so much is shown to the model, however large its window. */
  readonly maxHistoryTokens: number;
  /** Tool calls of one turn; the model is told of those beyond it, and none of them runs. */
  readonly maxToolCalls: number;
  /** A longer result is cut before it is stored. */
  readonly maxResultChars: number;
  /** Files of one turn; of those beyond it the model is told that they were not read. */
  readonly maxFiles: number;
  /** For reading the files of one turn, until its next model call. */
  readonly mediaMs: number;
  /** Of one file the model is shown so much, or less where its window is small; the rest by `expand`. */
  readonly maxFileChars: number;
  /** How long an outage of the model is waited out before the person gets a plain error. */
  readonly outageMs: number;
  readonly approvalMs: number;
}

export const defaultAgentOptions: AgentOptions = {
  maxModelCalls: 24,
  maxTurnTokens: 1_000_000,
  maxTurnMs: 30 * 60_000,
  maxOutputTokens: 4_096,
  maxHistoryTokens: 32_000,
  maxToolCalls: 64,
  maxResultChars: 1_000_000,
  maxFiles: 10,
  mediaMs: 120_000,
  maxFileChars: 24_000,
  outageMs: 15 * 60_000,
  approvalMs: 30 * 60_000,
};
