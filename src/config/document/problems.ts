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
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue, context);
    const meant = issue.code === 'invalid_union' ? meantOf(issue) : null;
    return meant === null ? [toProblem(issue, context)] : issuesToProblems(meant, context);
  });
}

type UnionIssue = Extract<Issue, { code: 'invalid_union' }>;

/** Of several forms the one that was begun: all others are of another type altogether. Null: none of them, or any. */
function meantOf({ errors, path }: UnionIssue): readonly Issue[] | null {
  const begun = errors.filter((form) => !form.some((one) => isOtherType(one)));
  const [form, ...others] = begun;
  if (form === undefined || others.length > 0) return null;
  return form.map((one) => ({ ...one, path: [...path, ...one.path] }));
}

function isOtherType(issue: Issue): issue is Extract<Issue, { code: 'invalid_type' }> {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}

/** What a word must be, where it is one of a few. */
function choicesOf(issue: Issue): readonly string[] | null {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union' || issue.discriminator === undefined) return null;
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : null;
}

function unknownKeys(
  issue: Extract<Issue, { code: 'unrecognized_keys' }>,
  context: Context,
): readonly Problem[] {
  const known = keysAt(context, issue.path);
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
  return { path, message, fix: fixFor(issue, given, context) + where };
}

function sentence(issue: Issue, given: unknown): string {
  if (issue.code === 'invalid_type') {
    return `must be ${typeNames[issue.expected] ?? issue.expected}, not ${kindOf(given)}`;
  }
  const choices = choicesOf(issue);
  if (choices !== null) return `must be ${choices.join(' or ')}`;
  if (issue.code === 'invalid_union') {
    const forms = issue.errors.flatMap((form) => form.filter(isOtherType));
    const types = new Set(forms.map(({ expected }) => typeNames[expected] ?? expected));
    if (types.size > 0) return `must be ${[...types].join(' or ')}, not ${kindOf(given)}`;
  }
  if (issue.code === 'too_small') {
    return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}`;
  }
  if (issue.code === 'too_big') return `must be at most ${String(issue.maximum)}`;
  if (issue.code === 'invalid_key') return 'is not a usable name';
  return issue.message;
}

function fixFor(issue: Issue, given: unknown, context: Context): string {
  const choices = choicesOf(issue);
  if (issue.code === 'invalid_key')
    return 'Use small letters, digits, - and _, at most 32, a letter or digit first; an endpoint has no _ and is not called like a channel.';
  const isNothing = given === undefined || given === '';
  if (isNothing && choices !== null) return `Choose ${choices.join(' or ')}.`;
  if (isNothing && issue.code === 'invalid_type' && issue.expected === 'object') {
    return `Make it a section with the keys ${keysAt(context, issue.path).join(', ')}.`;
  }
  if (isNothing && issue.code === 'invalid_type' && issue.expected === 'record') {
    return 'Make it a section, with a name for each entry.';
  }
  if (isNothing) return 'Give it a value, as text, "${ENV}" or {file: path}.';
  if (choices !== null) {
    const meant = typeof given === 'string' ? closest(given, choices) : null;
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

/** The keys that may stand at a path, read from the JSON schema; of several forms those of the one that is written there. */
function keysAt({ schema, value }: Context, path: readonly PropertyKey[]): readonly string[] {
  let form: unknown = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  for (let depth = 0; depth < path.length; depth += 1) {
    const given = valueAt(value, path.slice(0, depth + 1));
    form = objectForm(childOf(form, String(path[depth])), given);
  }
  const properties = isRecord(form) ? form['properties'] : undefined;
  return isRecord(properties) ? Object.keys(properties) : [];
}

function childOf(schema: unknown, key: string): unknown {
  if (!isRecord(schema)) return undefined;
  const properties = schema['properties'];
  return isRecord(properties) && key in properties ? properties[key] : schema['additionalProperties'];
}

/** Of `anyOf: [object, null]` the object; of several the one whose fixed words the value has. */
function objectForm(schema: unknown, given: unknown): unknown {
  const choices = isRecord(schema) ? (schema['anyOf'] ?? schema['oneOf']) : undefined;
  if (!Array.isArray(choices)) return schema;
  const objects = choices.filter((choice) => isRecord(choice) && choice['type'] === 'object');
  return objects.find((choice) => hasWordsOf(choice, given)) ?? objects[0];
}

function hasWordsOf(form: unknown, given: unknown): boolean {
  const properties = isRecord(form) ? form['properties'] : undefined;
  const words = Object.entries(isRecord(properties) ? properties : {}).flatMap(([key, one]) =>
    isRecord(one) && 'const' in one ? [[key, one['const']] as const] : [],
  );
  return isRecord(given) && words.every(([key, word]) => given[key] === word);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object';
}
