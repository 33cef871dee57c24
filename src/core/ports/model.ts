import type { ToolCall, Usage } from '../step.ts';

/** A picture that a person sent, as a file of the home folder. Models that cannot see get only the words around it. */
export interface ModelImage {
  readonly path: string;
  /** image/png, image/jpeg, image/webp or image/gif. */
  readonly mime: string;
}

export type ModelMessage =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: string; readonly images?: readonly ModelImage[] }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly callId: string; readonly content: string };

/** A tool as the model sees it. `parameters` is JSON Schema. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface ModelRequest {
  /** `provider/model`, a bare model name, or null for the configured default. */
  readonly model: string | null;
  readonly messages: readonly ModelMessage[];
  /** Sorted by name: the prefix of the request must be byte-stable. */
  readonly tools: readonly ToolSpec[];
  readonly maxOutputTokens: number;
  /** Fair queue: one person's backlog does not delay another's; interactive goes before background. */
  readonly person: string;
  readonly lane: 'interactive' | 'background';
  /** Outages are waited out until then (epoch ms); after it the last error is returned. */
  readonly deadlineAt: number;
}

export interface ModelHooks {
  /** Before each call that leaves the process, retries included. A throw (fenced, over budget) ends the request. */
  beforeCall(model: string): Promise<void>;
  /** A piece of text, in order. */
  onDelta(text: string): void;
  /** The stream broke and is made again: forget the deltas so far. */
  onRestart(): void;
  /** Nobody answers; the next try is at `nextAt`. */
  onWaiting(reason: string, nextAt: number): void;
}

export interface ModelReply {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finish: 'stop' | 'tool-calls' | 'length' | 'refused';
  /** `provider/model` that answered: it may be a fallback. */
  readonly model: string;
  /** Null when the provider sends none; then tokens are estimated from the text. */
  readonly usage: Usage | null;
  /** Null when the price is unknown. */
  readonly costUsd: number | null;
}

export type ModelError = {
  readonly type:
    | 'rate-limited'
    | 'transient'
    | 'context-too-long'
    | 'auth'
    | 'refused'
    | 'bad-request'
    | 'cancelled';
  /** One plain sentence without secrets, fit for a person. */
  readonly reason: string;
  readonly retryAfterMs: number | null;
};

export type ModelResult =
  | { readonly ok: true; readonly reply: ModelReply }
  | { readonly ok: false; readonly error: ModelError };

/** An upper estimate before a call: what a reservation must cover over the whole fallback chain. */
export interface ModelEstimate {
  readonly promptTokens: number;
  readonly maxOutputTokens: number;
  /** Null when the price is unknown. */
  readonly upperUsd: number | null;
  /** Tokens that fit into the window of the model. */
  readonly contextTokens: number;
}

export interface ModelPort {
  /** Contract: never throws for what a provider answers; an abort ends it as `cancelled` within a second. */
  call(request: ModelRequest, hooks: ModelHooks, signal: AbortSignal): Promise<ModelResult>;
  estimate(request: ModelRequest): ModelEstimate;
  /** The configured names, default first; `demo/demo` with nothing configured. */
  names(): readonly string[];
}
