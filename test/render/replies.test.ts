import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Abilities } from '#core/delivery.ts';
import { createIds } from '#lib/ids.ts';
import { createCompose } from '#outbox/compose.ts';
import { createRender } from '#render/index.ts';
import { createManualClock } from '#test/kernel/clock.ts';
import { createTestChannel } from '#test/outbox/channel.ts';

/** Answers as models write them, through compose, with the dialects and limits of each platform (docs/rendering.md). */
const platforms: Readonly<Record<string, Partial<Abilities>>> = {
  telegram: {
    dialects: ['telegram-rich', 'telegram-html', 'plain'],
    maxText: 4_096,
    maxTextByDialect: { 'telegram-rich': 32_768 },
  },
  'telegram-html': { dialects: ['telegram-html', 'plain'], maxText: 4_096 },
  discord: { dialects: ['discord', 'plain'], maxText: 2_000 },
  slack: { dialects: ['slack-markdown', 'slack-mrkdwn', 'plain'], maxText: 12_000 },
  'slack-mrkdwn': { dialects: ['slack-mrkdwn', 'plain'], maxText: 4_000 },
  whatsapp: { dialects: ['whatsapp', 'plain'], maxText: 4_096, countedAs: 'codepoints' },
  email: { dialects: ['email-html', 'plain'], maxText: 1_000_000 },
};

/** Where a reader may look at them. The others say the same in the marks of src/render/fixtures. */
const golden = new Set(['telegram-html', 'discord', 'whatsapp']);

const folder = fileURLToPath(new URL('fixtures/', import.meta.url));
const replies = readdirSync(folder).filter((file) => file.endsWith('.md'));

function messagesOf(markdown: string, abilities: Partial<Abilities>) {
  const clock = createManualClock();
  const channel = createTestChannel('telegram', clock, abilities);
  const compose = createCompose({
    render: createRender(),
    ids: createIds(clock),
    abilities: () => channel.abilities,
  });
  const say = { chat: 'telegram:7', key: 'k', replyTo: null, buttons: [], editOf: null } as const;
  return compose.say({ ...say, markdown }).flatMap(({ body }) => (body.kind === 'message' ? [body] : []));
}

const cases = Object.entries(platforms).flatMap(([platform, abilities]) =>
  replies.map((reply) => [reply.replace('.md', ''), platform, abilities] as const),
);

test.each(cases)('%s on %s', async (reply, platform, abilities) => {
  const markdown = readFileSync(`${folder}${reply}.md`, 'utf8');
  const bodies = messagesOf(markdown, abilities);
  const messages = bodies.map(({ text }) => text);
  const limit = abilities.maxTextByDialect?.[bodies[0]?.dialect ?? ''] ?? abilities.maxText ?? 0;
  const length = messages.reduce((sum, text) => sum + text.length, 0);
  // A reader's complaints: too many messages, scraps, a heading without its text, half a fence, wrapped tables.
  expect(messages.length).toBeLessThanOrEqual(Math.ceil((length / limit) * 1.4));
  for (const text of messages) expect(text.length).toBeLessThanOrEqual(limit);
  for (const text of messages.slice(0, -1)) {
    expect(text.length, 'a scrap before more text').toBeGreaterThan(limit / 4);
    expect(text.trimEnd().split('\n').at(-1), 'an orphan').not.toMatch(
      /^(?:#+ .*|<b>[^<]*<\/b>|\*[^*]*\*)$|:$/,
    );
  }
  for (const text of messages) {
    expect((text.match(/^\s*(?:> )*```/gm) ?? []).length % 2, 'half a fence').toBe(0);
    const lines = text.split('\n').filter((line) => / \| /.test(line) && !/^\s*\||\|\s*$|=/.test(line));
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(60);
  }
  // Every word of the answer is there.
  const said = messages.join(' ').replace(/[^\p{L}\p{N}]/gu, '');
  const words = markdown.replace(/```\w*\n|https?:\S+|<!--|&\w+;/g, ' ').match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  expect(words.filter((word) => !said.includes(word))).toEqual([]);
  if (!golden.has(platform)) return;
  const shown = messages.map((text) => text.replaceAll('\u200B', '⁞')).join(`\n\n${'═'.repeat(40)}\n\n`);
  await expect(`${shown}\n`).toMatchFileSnapshot(`${folder}${platform}/${reply}.txt`);
});
