import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { Person } from '#core/person.ts';
import { type SystemPromptInput, bodyOf, loadCatalogue } from './catalogue.ts';

const ann: Person = {
  handle: 'ann',
  role: 'owner',
  timezone: 'Europe/Rome',
  language: null,
  approves: 'all',
};
const inChat: SystemPromptInput = { owner: ann, person: ann, turn: { chat: 'telegram:7', direct: true } };

function folder(system: string): URL {
  const path = mkdtempSync(join(tmpdir(), 'tiro-prompts-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  writeFileSync(join(path, 'system.md'), system);
  return pathToFileURL(`${path}/`);
}

test('the head of a conversation names who talks where, and everything is filled in', async () => {
  const { system } = await loadCatalogue();
  const text = system(inChat);
  expect(text).toContain('You are Tiro, the personal assistant of ann. You are talking with ann (owner)');
  expect(text).toContain('in a direct chat (telegram)');
  expect(text).not.toMatch(/\{\{|\}\}|^---/m);
  const group = system({ ...inChat, turn: { chat: 'telegram:-5', direct: false } });
  expect(group).toContain('with the people of a group on telegram;');
  const bob: Person = { ...ann, handle: 'bob', role: 'member', language: 'it' };
  expect(system({ ...inChat, person: bob, turn: { chat: 'telegram:-5', direct: false } })).toBe(group);
  expect(system({ ...inChat, person: { ...ann, language: 'it' } })).toContain('in Italian (it).');
});

test('the same person and chat give the same bytes, and few of them', async () => {
  const { system } = await loadCatalogue();
  expect(system(inChat)).toBe(system({ ...inChat }));
  expect(system(inChat).length / 4).toBeLessThan(800);
});

test('what fills the prompt in is not itself a template', async () => {
  const { system } = await loadCatalogue(folder('---\na: b\n---\n{{company}} of {{owner}}'));
  expect(system({ ...inChat, person: { ...ann, handle: '{{owner}}' } })).toBe(
    '{{owner}} (owner) in a direct chat (telegram) of ann',
  );
});

test.each(['You are {{nobody}}.', 'You are {{constructor}}.'])(
  'a name that nobody fills in is a defect: %s',
  async (body) => {
    const { system } = await loadCatalogue(folder(`---\na: b\n---\n${body}`));
    expect(() => system(inChat)).toThrow('which nobody fills in');
  },
);

test('a gateway without prompts does not start', async () => {
  await expect(loadCatalogue(new URL('file:///nowhere/'))).rejects.toThrow();
  await expect(loadCatalogue(folder('You are Tiro.'))).rejects.toThrow('front matter');
});

test('front matter ends at its own line, and may come from any editor', () => {
  expect(bodyOf('---\nname: a --- b\n---\n\ntext\n---\nmore\n')).toBe('text\n---\nmore');
  expect(bodyOf('---\r\nname: a\r\n---\r\ntext\r\n')).toBe('text');
});
