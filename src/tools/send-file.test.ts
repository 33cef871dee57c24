import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Abilities } from '#core/delivery.ts';
import { TiroError } from '#core/errors.ts';
import type { ToolContext, ToolResult } from '#core/tool.ts';
import { createAgentWorld } from '#test/agent/world.ts';
import { type TestGround, createGround } from '#test/kernel/ground.ts';
import { type SendFileDeps, createSendFileTool } from './send-file.ts';

async function createWorld(more: Partial<SendFileDeps> = {}, chat: ToolContext['chat'] = 'telegram:7') {
  const ground = await createGround();
  const world = await createAgentWorld({ ground });
  await world.receive('hi', { chat });
  const turn = await world.claim();
  const tool = createSendFileTool({ ...ground, conversations: ground.store.conversations, ...more });
  const send = async (input: unknown, effectKey = 'trn_1:4:call_0'): Promise<ToolResult> => {
    const call = tool.prepare(JSON.stringify(input));
    if (!call.ok) return { ok: false, content: call.error };
    return call.run({
      turn: turn.id,
      conversation: turn.conversation,
      chat,
      person: 'ann',
      role: 'owner',
      timezone: null,
      effectKey,
      signal: new AbortController().signal,
    });
  };
  const rows = async () =>
    (await ground.store.outbox.list({ status: null, limit: 99 })).map(({ body }) => body);
  const notices = async (): Promise<readonly string[]> =>
    (await ground.store.steps.ofConversation(turn.conversation)).flatMap(({ body }) =>
      body.kind === 'notice' ? [body.text] : [],
    );
  return { ground, send, rows, notices };
}

const report = { name: 'report.csv', content: 'a,b\n1,2\n', caption: 'Here it is' };

test('a file is written and queued for the chat, once for its key', async () => {
  const { ground, send, rows, notices } = await createWorld();
  expect(await send(report)).toEqual({ ok: true, content: 'Queued: report.csv (1 kB).' });
  await Promise.all([send(report), send(report)]);
  const [row, ...others] = await rows();
  expect(others).toEqual([]);
  expect(row).toMatchObject({ kind: 'file', name: 'report.csv', mime: 'text/csv', caption: 'Here it is' });
  expect(row?.kind === 'file' && readFileSync(ground.files.pathOf(row.path), 'utf8')).toBe(report.content);
  expect(await notices()).toEqual(['Sent the file report.csv (1 kB).']);
  await send(report, 'another call');
  expect(await rows()).toHaveLength(2);
});

test('its name is cleaned, and its type is one of text', async () => {
  const { send, rows } = await createWorld();
  await send({ ...report, name: '../../.ssh/authorized_keys' });
  expect(await rows()).toMatchObject([{ name: 'authorized_keys', mime: 'text/plain' }]);
  expect(await send({ ...report, mime: 'image/png' }, 'b')).toMatchObject({
    ok: false,
    content: expect.stringContaining('mime: is no type of text'),
  });
  expect(await send({ ...report, mime: 'application/sql' }, 'c')).toMatchObject({ ok: true });
});

function withFiles(ground: Pick<TestGround, 'compose'>, files: Abilities['files']): SendFileDeps['compose'] {
  const { compose } = ground;
  return {
    ...compose,
    abilitiesOf: (chat) => {
      const abilities = compose.abilitiesOf(chat);
      return abilities === null ? null : { ...abilities, files };
    },
  };
}

test.each([
  [null, 'this channel takes no files: give the text in your answer instead'],
  [{ maxBytes: 1_000 }, 'big.txt has 2 kB, and this channel takes 1 kB: send it in parts'],
])('what the platform does not take is an error that says what to do: %j', async (files, why) => {
  const compose = withFiles(await createGround(), files);
  const { send, rows } = await createWorld({ compose });
  const sent = await send({ name: 'big.txt', content: 'x'.repeat(2_000) });
  expect(sent).toEqual({ ok: false, content: `It was not sent: ${why}` });
  expect(await rows()).toEqual([]);
});

test('a disk that refuses is told to the model, and nothing is queued', async () => {
  const write = () => Promise.reject(new TiroError('unavailable', 'The file cannot be written (ENOSPC).'));
  const { send, rows } = await createWorld({
    files: { write, pathOf: (path) => path, read: async () => null },
  });
  expect(await send(report)).toEqual({
    ok: false,
    content: 'It was not sent: The file cannot be written (ENOSPC).',
  });
  expect(await rows()).toEqual([]);
});

test('where nothing can be attached, the chat shows the text and where it is kept', async () => {
  const { ground, send, rows, notices } = await createWorld({}, 'web:owner');
  const sent = await send({ name: 'a.md', content: '# Hi\n```js\n1\n```' });
  const [path = ''] = /files\/out\/\S+?\/a\.md/.exec(sent.content) ?? [];
  expect(sent).toMatchObject({ ok: true, content: expect.stringContaining('Name the path in your answer') });
  expect(readFileSync(ground.files.pathOf(path), 'utf8')).toBe('# Hi\n```js\n1\n```');
  expect(await notices()).toEqual([
    `**a.md** (1 kB) is kept as \`${path}\` in Tiro's home folder.\n\n\`\`\`\`\n# Hi\n\`\`\`js\n1\n\`\`\`\n\`\`\`\``,
  ]);
  expect(await rows()).toEqual([]);
});
