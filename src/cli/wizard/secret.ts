import type { CliHome } from '../deps.ts';
import type { Prompts } from './prompts.ts';

/** A secret and how config.yaml shall name it. */
export interface NamedSecret {
  readonly value: string;
  readonly reference: SecretReference;
}

export type SecretReference =
  /** `${NAME}`: the environment keeps it. */
  | { readonly keep: 'environment'; readonly name: string }
  /** `{file: …}`: written once everything is answered. */
  | { readonly keep: 'file'; readonly name: string };

export interface SecretQuestion {
  readonly what: string;
  /** The variable in which its users keep it; null: none is usual. */
  readonly variable: string | null;
  /** Of the file in the home folder. */
  readonly fileName: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Spaces may stand in it. */
  readonly spaces?: boolean;
}

/** Asks for a secret: the one in the environment, or one that is typed and kept in a file of its own. */
export async function askSecret(prompts: Prompts, question: SecretQuestion): Promise<NamedSecret> {
  const { what, variable, fileName, env } = question;
  const found = variable === null ? undefined : env[variable];
  if (variable !== null && found !== undefined && found !== '') {
    const choices = [
      {
        value: 'environment',
        label: `Use the one in ${variable}`,
        hint: 'config.yaml will name the variable',
      },
      { value: 'typed', label: 'Type another' },
    ] as const;
    const chosen = await prompts.select(`${what}: there is one in the environment.`, choices, 'environment');
    if (chosen === 'environment') return { value: found, reference: { keep: 'environment', name: variable } };
  }
  const check = question.spaces === true ? checkText : checkSecret;
  const value = await prompts.secret(`${what} (it is not shown)`, check);
  return { value, reference: await askWhereToKeep(prompts, { variable, fileName }) };
}

async function askWhereToKeep(
  prompts: Prompts,
  { variable, fileName }: Pick<SecretQuestion, 'variable' | 'fileName'>,
): Promise<SecretReference> {
  if (variable === null) return { keep: 'file', name: fileName };
  const choices = [
    { value: 'file', label: 'In a file of its own, readable for you only', hint: `secrets/${fileName}` },
    { value: 'environment', label: `I set ${variable} myself`, hint: 'for the gateway, at every start' },
  ] as const;
  const keep = await prompts.select(
    'Where shall it be kept? config.yaml itself will not hold it.',
    choices,
    'file',
  );
  return keep === 'file' ? { keep, name: fileName } : { keep, name: variable };
}

function checkText(text: string): string | null {
  return text.trim() === '' ? 'It is empty. Paste it, or press Ctrl-C to give up.' : null;
}

function checkSecret(text: string): string | null {
  const isEmpty = checkText(text);
  if (isEmpty !== null) return isEmpty;
  return /\s/.test(text.trim()) ? 'It has a space or a line break in it; was it pasted whole?' : null;
}

/** What config.yaml says in its place; a file is written now. */
export async function keepSecret(
  home: Pick<CliHome, 'writeSecret'>,
  { value, reference }: NamedSecret,
): Promise<string | { readonly file: string }> {
  if (reference.keep === 'environment') return `\${${reference.name}}`;
  return home.writeSecret(reference.name, value);
}
