import type {
  ModelError,
  ModelEstimate,
  ModelHooks,
  ModelPort,
  ModelReply,
  ModelRequest,
  ModelResult,
} from '#core/ports/model.ts';
import type { ToolCall } from '#core/step.ts';

export interface ScriptedCall {
  readonly request: ModelRequest;
  readonly hooks: ModelHooks;
  readonly signal: AbortSignal;
}

/** What the model does when it is called: an answer, or a play of its own with hooks and signal. */
export type Scene = ModelResult | ((call: ScriptedCall) => Promise<ModelResult> | ModelResult);

export interface ScriptedModel extends ModelPort {
  /** Every request so far, in order. */
  readonly requests: readonly ModelRequest[];
  /** Scenes that were not played. */
  left(): number;
}

export interface ScriptedModelOptions {
  readonly contextTokens?: number;
  /** What every call may cost at most; null: the price is unknown. */
  readonly upperUsd?: number | null;
  /** Tokens of a prompt; 4 bytes each where it is not told. */
  readonly promptTokens?: (request: ModelRequest) => number;
}

/** A model that plays its scenes in order, each once; a call too many is a defect of the test and throws. */
export function createScriptedModel(
  scenes: readonly Scene[],
  options: ScriptedModelOptions = {},
): ScriptedModel {
  const requests: ModelRequest[] = [];
  const { contextTokens = 32_000, upperUsd = 0.01, promptTokens = bytesOverFour } = options;
  return { requests, left: () => scenes.length - requests.length, call, estimate, names: () => ['test/m'] };

  async function call(request: ModelRequest, hooks: ModelHooks, signal: AbortSignal): Promise<ModelResult> {
    const scene = scenes[requests.length];
    requests.push(request);
    if (scene === undefined) throw new Error(`The script has no scene for call ${requests.length}.`);
    await hooks.beforeCall('test/m');
    return typeof scene === 'function' ? scene({ request, hooks, signal }) : scene;
  }

  function estimate(request: ModelRequest): ModelEstimate {
    const { maxOutputTokens } = request;
    return { promptTokens: promptTokens(request), maxOutputTokens, upperUsd, contextTokens };
  }
}

function bytesOverFour({ messages, tools }: ModelRequest): number {
  return Math.ceil(Buffer.byteLength(JSON.stringify([messages, tools])) / 4);
}

export function says(text: string, more: Partial<ModelReply> = {}): ModelResult {
  const usage = { promptTokens: 100, cachedTokens: 50, completionTokens: 10 };
  const reply = { text, toolCalls: [], finish: 'stop', model: 'test/m', usage, costUsd: 0.001 } as const;
  return { ok: true, reply: { ...reply, ...more } };
}

/** Asks for tools; each call is `[name, arguments]` or a whole call. */
export function calls(...wanted: readonly (ToolCall | readonly [string, unknown?])[]): ModelResult {
  const toolCalls = wanted.map((call, index): ToolCall => {
    if (!isPair(call)) return call;
    const [name, input = {}] = call;
    return { id: `call_${index}`, name, arguments: JSON.stringify(input) };
  });
  return says('', { toolCalls, finish: 'tool-calls' });
}

function isPair(call: ToolCall | readonly [string, unknown?]): call is readonly [string, unknown?] {
  return Array.isArray(call);
}

export function fails(type: ModelError['type'], reason = 'test/m has its reasons.'): ModelResult {
  return { ok: false, error: { type, reason, retryAfterMs: null } };
}

/** Waits until it is cancelled, having said so much before. */
export function hangs(...deltas: readonly string[]): Scene {
  return async ({ hooks, signal }) => {
    for (const delta of deltas) hooks.onDelta(delta);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return fails('cancelled');
  };
}
