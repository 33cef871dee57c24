import { z } from 'zod';
import { pathToText, type Problem } from '../problem.ts';
import { closest } from './values.ts';

type Issue = z.core.$ZodIssue;

interface Context {
  readonly schema: z.ZodType;
  /** The tree that was validated. */
  readonly value: unknown;
  /** Where values came from, by path (see references.ts). */
  readonly origins: ReadonlyMap<string, string>;
}

/** What the schema found, as sentences that name the key and the mend. Values are never quoted: they may be secrets. */
export function issuesToProblems(issues: readonly Issue[], context: Context): Problem[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? unknownKeys(issue, context) : [toProblem(issue, context)],
  );
}

function unknownKeys(
  issue: Extract<Issue, { code: 'unrecognized_keys' }>,
  context: Context,
): readonly Problem[] {
  const known = keysAt(z.toJSONSchema(context.schema, { io: 'input', unrepresentable: 'any' }), issue.path);
  return issue.keys.map((key) => {
    const meant = closest(key, known);
    return {
      path: pathToText([...issue.path, key]),
      message: 'is not a key of this version',
      fix:
        meant === null
          ? `Remove it; what may stand there: ${known.join(', ')}.`
          : `Did you mean ${meant}? If not, remove it.`,
    };
  });
}

function toProblem(issue: Issue, context: Context): Problem {
  const path = pathToText(issue.path);
  const origin = context.origins.get(path);
  const given = valueAt(context.value, issue.path);
  const message = given === undefined ? 'is missing' : given === '' ? 'is empty' : sentence(issue, given);
  const where = origin === undefined ? '' : ` It is taken from ${origin}.`;
  return { path, message, fix: fixFor(issue, given) + where };
}

function sentence(issue: Issue, given: unknown): string {
  if (issue.code === 'invalid_type') {
    return `must be ${typeNames[issue.expected] ?? issue.expected}, not ${kindOf(given)}`;
  }
  if (issue.code === 'invalid_value') return `must be ${issue.values.map(String).join(' or ')}`;
  if (issue.code === 'too_small') {
    return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}`;
  }
  if (issue.code === 'too_big') return `must be at most ${String(issue.maximum)}`;
  if (issue.code === 'invalid_key') return 'is not a usable name';
  return issue.message;
}

function fixFor(issue: Issue, given: unknown): string {
  if (issue.code === 'invalid_key')
    return 'Use small letters, digits, - and _, at most 32, a letter or digit first.';
  if (given === undefined || given === '') return 'Give it a value, as text, "${ENV}" or {file: path}.';
  if (issue.code === 'invalid_value') {
    const meant = typeof given === 'string' ? closest(given, issue.values.map(String)) : null;
    return meant === null ? 'Choose one of them.' : `Did you mean ${meant}?`;
  }
  if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof given !== 'object') {
    return 'Put it in quotes.';
  }
  return 'Change it in config.yaml.';
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section with keys',
  record: 'a section with keys',
};

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'object') return 'a section';
  return typeof value === 'number' ? 'a number like this' : `a ${typeof value}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[String(key)] : undefined), value);
}

/** The keys that may stand at a path, read from the JSON schema. */
function keysAt(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  const found = path.reduce<unknown>((inner, key) => childOf(inner, String(key)), schema);
  const properties = isRecord(found) ? found['properties'] : undefined;
  return isRecord(properties) ? Object.keys(properties) : [];
}

function childOf(schema: unknown, key: string): unknown {
  if (!isRecord(schema)) return undefined;
  const properties = schema['properties'];
  if (isRecord(properties) && key in properties) return objectForm(properties[key]);
  return objectForm(schema['additionalProperties']);
}

/** Of `anyOf: [object, null]` the object. */
function objectForm(schema: unknown): unknown {
  const choices = isRecord(schema) ? schema['anyOf'] : undefined;
  if (!Array.isArray(choices)) return schema;
  return choices.find((choice) => isRecord(choice) && choice['type'] === 'object');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object';
}
