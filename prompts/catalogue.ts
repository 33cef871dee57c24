import { readFile } from 'node:fs/promises';

/** What the fixed head of a conversation is made of. Nothing volatile: the same values give the same bytes. */
export interface SystemPromptInput {
  readonly owner: string;
  readonly person: string;
  readonly role: 'owner' | 'member' | 'guest';
  readonly channel: string;
  readonly direct: boolean;
  readonly language: string | null;
}

export interface Catalogue {
  system(input: SystemPromptInput): string;
}

/** Reads the prompt texts once. Rejects when one is missing or has no front matter: a gateway without prompts must not start. */
export async function loadCatalogue(folder: URL = new URL('./', import.meta.url)): Promise<Catalogue> {
  const system = bodyOf(await readFile(new URL('system.md', folder), 'utf8'));
  return {
    system: (input) =>
      fill(system, {
        owner: input.owner,
        person: input.person,
        role: input.role,
        place: input.direct ? `in a direct chat (${input.channel})` : `in a group on ${input.channel}`,
        language: input.language === null ? '' : `; without a hint, in ${input.language}`,
      }),
  };
}

/** The text behind the front matter. */
export function bodyOf(file: string): string {
  const match = /^---\n[\s\S]*?\n---\n([\s\S]*)$/.exec(file);
  if (match?.[1] === undefined)
    throw new Error('A prompt file must begin with front matter between two lines of ---.');
  return match[1].trim();
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The prompt asks for {{${name}}}, which nobody fills in.`);
    return value;
  });
}
