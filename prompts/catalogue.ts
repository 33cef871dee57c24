import { readFile } from 'node:fs/promises';
import { parseChatKey } from '#core/address.ts';
import type { Person } from '#core/person.ts';
import type { Turn } from '#core/turn.ts';

/** What the fixed head of a conversation is made of. Nothing volatile: the same person and chat give the same bytes. */
export interface SystemPromptInput {
  readonly owner: Person;
  readonly person: Person;
  readonly turn: Pick<Turn, 'chat' | 'direct'>;
}

export interface Catalogue {
  system(input: SystemPromptInput): string;
}

/** Reads the prompt texts once. Rejects when one is missing or has no front matter: a gateway without prompts must not start. */
export async function loadCatalogue(folder: URL = new URL('./', import.meta.url)): Promise<Catalogue> {
  const system = bodyOf(await readFile(new URL('system.md', folder), 'utf8'));
  return {
    system: ({ owner, person, turn }) => {
      const channel = parseChatKey(turn.chat)?.channel ?? 'a chat';
      const { handle, role, language } = person;
      // A group's head names nobody: it stays the same whoever speaks.
      const company = turn.direct
        ? `${handle} (${role}) in a direct chat (${channel})`
        : `the people of a group on ${channel}; each message begins with its sender, by name and handle`;
      const hint = turn.direct && language !== null ? `; without a hint, in ${nameOf(language)}` : '';
      return fill(system, { owner: owner.handle, company, language: hint });
    },
  };
}

/** `Italian (it)`: a bare tag may be read as a word. */
function nameOf(tag: string): string {
  const name = new Intl.DisplayNames(['en'], { type: 'language' }).of(tag);
  return name === undefined || name === tag ? tag : `${name} (${tag})`;
}

/** The text behind the front matter. */
export function bodyOf(file: string): string {
  // An editor on another system may have written CRLF; the prompt's bytes are the same everywhere.
  const match = /^---\n[\s\S]*?\n---\n([\s\S]*)$/.exec(file.replaceAll('\r\n', '\n'));
  if (match?.[1] === undefined)
    throw new Error('A prompt file must begin with front matter between two lines of ---.');
  return match[1].trim();
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new Error(`The prompt asks for {{${name}}}, which nobody fills in.`);
    return value;
  });
}
