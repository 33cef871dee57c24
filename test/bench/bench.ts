import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Row, table } from './table.ts';

/** What a bench found: `figures` for programs, `rows` for people. */
export interface Findings {
  readonly figures: Readonly<Record<string, unknown>>;
  readonly rows: readonly Row[];
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** One line for each option. */
  readonly options: readonly string[];
  /** Throws a UsageError for options that are not good. */
  prepare(args: readonly string[]): Prepared;
}

export interface Prepared {
  readonly json: boolean;
  readonly help: boolean;
  /** True: an interrupt ends it early, with what it has found so far. False: an interrupt ends it without findings. */
  readonly endsEarly: boolean;
  /** `say` tells how far it is. */
  run(say: (line: string) => void, interrupted: AbortSignal): Promise<Findings>;
}

export class UsageError extends Error {}

/** A bench is a schema of numbers and words with defaults and descriptions, each an option `--name VALUE`, and a function. */
export function defineBench<S extends z.ZodObject>(definition: {
  readonly name: string;
  readonly summary: string;
  readonly options: S;
  readonly endsEarly?: boolean;
  readonly run: (
    options: z.infer<S>,
    say: (line: string) => void,
    interrupted: AbortSignal,
  ) => Promise<Findings>;
}): Bench {
  const { name, summary, options: schema, endsEarly = false, run } = definition;
  return {
    name,
    summary,
    options: Object.entries(schema.shape).map(([option, field]) => describe(option, field)),
    prepare(args) {
      const { json, help, ...given } = parseOptions(args, Object.keys(schema.shape));
      const parsed = schema.safeParse(given);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        throw new UsageError(`--${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not good'}.`);
      }
      return {
        json: json === true,
        help: help === true,
        endsEarly,
        run: (say, interrupted) => run(parsed.data, say, interrupted),
      };
    },
  };
}

/** The type of an option that counts something, from `least` on. */
export function count(initial: number, does: string, least = 1): z.ZodDefault<z.ZodCoercedNumber> {
  const most = 1_000_000;
  const error = `must be a whole number from ${least} to ${most}`;
  return z.coerce
    .number({ error })
    .int(error)
    .min(least, error)
    .max(most, error)
    .default(initial)
    .describe(does);
}

/** The type of an option that is one of some words. */
export function oneOf<const W extends readonly [string, ...string[]]>(
  words: W,
  does: string,
): z.ZodDefault<z.ZodEnum<{ [K in W[number]]: K }>> {
  const error = `must be one of ${words.join(', ')}`;
  const [initial] = words;
  return z
    .enum(words, { error })
    .default(initial)
    .describe(`${does}: ${words.join(', ')}`);
}

function parseOptions(args: readonly string[], names: readonly string[]): Record<string, unknown> {
  const numbers = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const options = { ...numbers, json: { type: 'boolean' as const }, help: { type: 'boolean' as const } };
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    // Its one kind of failure: arguments that do not fit; the message names them.
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function describe(option: string, field: z.core.$ZodType): string {
  const initial: unknown = z.safeParse(field, undefined).data;
  const does = z.globalRegistry.get(field)?.description ?? '';
  return `--${option.padEnd(10)} ${does} (default ${String(initial)})`;
}

/** The findings as text for people. */
export function findingsToText({ rows }: Findings): string {
  return table(rows);
}
