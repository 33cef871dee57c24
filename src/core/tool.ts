import { z } from 'zod';
import type { ChatKey } from './address.ts';
import type { ConversationId, TurnId } from './ids.ts';
import type { ToolSpec } from './ports/model.ts';
import type { Role } from './person.ts';

/** pure: may run again. keyed: may run again with the same effect key. once: never again silently. */
export type Effect = 'pure' | 'keyed' | 'once';

export interface ToolContext {
  readonly turn: TurnId;
  readonly conversation: ConversationId;
  readonly chat: ChatKey;
  readonly person: string;
  readonly role: Role;
  readonly timezone: string | null;
  /** The same on every run of the same call: makes a keyed effect happen once. */
  readonly effectKey: string;
  readonly signal: AbortSignal;
}

export interface ToolResult {
  readonly ok: boolean;
  readonly content: string;
}

/** A call whose arguments were accepted. `canonical` is their JSON with sorted keys: what policy judges and hash binds. */
export type PreparedCall =
  | { readonly ok: true; readonly canonical: string; run(context: ToolContext): Promise<ToolResult> }
  /** Names the path in the schema and what was wrong there; goes back to the model. */
  | { readonly ok: false; readonly error: string };

export interface Tool {
  readonly spec: ToolSpec;
  readonly effect: Effect;
  readonly timeoutMs: number;
  /** Results over this many characters are folded in the context to head, tail and an id to expand. */
  readonly resultLimit: number;
  /** Who may see it at all. */
  readonly roles: readonly Role[];
  prepare(argumentsJson: string): PreparedCall;
}

export interface ToolDefinition<S extends z.ZodType> {
  readonly name: string;
  readonly description: string;
  readonly input: S;
  readonly effect: Effect;
  readonly timeoutMs: number;
  readonly resultLimit: number;
  readonly roles: readonly Role[];
  run(input: z.infer<S>, context: ToolContext): Promise<ToolResult>;
}

/**
 * Binds a schema and a function into a tool whose arguments are parsed before anything acts. The schema must be
 * idempotent: what it gives is stored and parsed again after an approval or a crash.
 */
export function defineTool<S extends z.ZodType>(definition: ToolDefinition<S>): Tool {
  const { $schema: _, ...parameters } = z.toJSONSchema(definition.input, { io: 'input' });
  return {
    spec: { name: definition.name, description: definition.description, parameters },
    effect: definition.effect,
    timeoutMs: definition.timeoutMs,
    resultLimit: definition.resultLimit,
    roles: definition.roles,
    prepare: (argumentsJson) => {
      const parsed = definition.input.safeParse(parseJson(argumentsJson));
      if (!parsed.success) return { ok: false, error: describeIssues(parsed.error) };
      return {
        ok: true,
        canonical: canonicalJson(parsed.data),
        run: (context) => definition.run(parsed.data, context),
      };
    },
  };
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema then says what it expected
  }
}

function describeIssues(error: z.ZodError): string {
  const lines = error.issues.map((issue) => `${issue.path.join('.') || '(arguments)'}: ${issue.message}`);
  return `The arguments do not fit the tool's schema. ${lines.join('; ')}`;
}

/** JSON with keys sorted at every depth: equal values, equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
