import { expect, test } from 'vitest';
import { type TestConversations, type TestRun, createTestConversations } from '#test/kernel/conversations.ts';
import { type TestGround, createGround } from '#test/kernel/ground.ts';
import { type TestInbox, createTestInbox } from '#test/kernel/inbox.ts';
import { written } from '#test/kernel/words.ts';
import { until } from '#test/until.ts';

interface Setting extends TestGround, TestInbox, TestConversations {
  theRun(): Promise<TestRun>;
}

async function setUp(): Promise<Setting> {
  const ground = await createGround();
  const parts = { ...ground, ...createTestInbox(ground), ...createTestConversations(ground) };
  const theRun = (): Promise<TestRun> =>
    until('one turn runs', () => parts.runs.length === 1 && parts.runs[0]);
  return { ...parts, theRun };
}

test('an edit of what is being worked on: the run is stopped, and the next one has the new words', async () => {
  const setting = await setUp();
  await setting.receive(written('teh', { messageId: 'm1' }), written('and more', { messageId: 'm2' }));
  await setting.work();
  const first = await setting.theRun();
  await setting.receive(written('the', { kind: 'edit', messageId: 'm1' }));
  await until('the run is stopped', () => first.left());
  await setting.work();
  const second = await until('the next one runs', () => setting.runs.find((run) => run !== first));
  expect(await second.inputs()).toEqual(['the', 'and more']);
  expect(await second.answer('to the new words')).toBe(true);
  expect(await setting.said('telegram:7')).toEqual(['to the new words']);
});

test('an answer that is committed in the same moment as the edit is lost or stands, and is never given twice', async () => {
  const setting = await setUp();
  await setting.receive(written('teh', { messageId: 'm1' }));
  await setting.work();
  const first = await setting.theRun();
  expect(await first.handle.close()).toBe(true);
  await setting.receive(written('the', { kind: 'edit', messageId: 'm1' }));
  await expect(first.step('too late')).rejects.toMatchObject({ code: 'fenced' });
  await setting.work();
  const second = await until('the next one runs', () => setting.runs.find((run) => run !== first));
  await second.answer('once');
  expect(await setting.said('telegram:7')).toEqual(['once']);
});

test('a deletion of the only message ends the run without a word; others are answered', async () => {
  const setting = await setUp();
  await setting.receive(written('one', { messageId: 'm1' }));
  await setting.work();
  const first = await setting.theRun();
  const deletion = { kind: 'deletion', messageId: 'm1', from: 'nobody' } as const;
  await setting.receive(written('', deletion));
  await until('the run is stopped', () => first.left());
  await setting.work();
  expect(setting.started).toHaveLength(1);
  expect(await setting.said('telegram:7')).toEqual([]);
  await setting.receive(written('two'));
  await setting.work();
  const second = await setting.theRun();
  expect(await second.inputs()).toEqual(['two']);
});

test('a message that joined is withdrawn like one that began the turn', async () => {
  const setting = await setUp();
  await setting.receive(written('one', { messageId: 'm1' }));
  await setting.work();
  const first = await setting.theRun();
  await setting.receive(written('two', { messageId: 'm2' }));
  await until('it joined', async () => (await first.inputs()).length === 2);
  await setting.receive(written('', { kind: 'deletion', messageId: 'm2' }));
  await setting.work();
  const second = await until('the next one runs', () => setting.runs.find((run) => run !== first));
  expect(await second.inputs()).toEqual(['one']);
});
