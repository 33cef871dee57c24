import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DeliveryBody, OutboundDelivery } from '#core/delivery.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { createIds } from '#lib/ids.ts';
import { createRender } from '#render/index.ts';
import { neverAborted, say } from '#test/contract/adapter.ts';
import {
  ann,
  bot,
  type FakeDiscord,
  generalId,
  rateLimited,
  refusal,
  route,
  startFakeDiscord,
  threadId,
} from '#test/fakes/discord/index.ts';
import { createTestDeps } from '#test/fakes/sink.ts';
import { createDiscord } from './index.ts';

const token = 'MTAwMDAw.test-token.of-the-send-tests';
const general = { channel: 'discord', chat: generalId, thread: null };
const minute = 60_000;
let fake: FakeDiscord;
let adapter: AdapterPort;
let now: number;
let create: () => AdapterPort;

beforeEach(async () => {
  fake = await startFakeDiscord({ token });
  now = Date.now() - minute; // it runs since then
  const deps = createTestDeps();
  const clock = { ...deps.clock, now: () => now };
  create = () => createDiscord({ ...deps, clock }, { token, apiRoot: `${fake.url}/api` });
  adapter = create();
  now = Date.now();
});
afterEach(async () => {
  await adapter.close();
  await fake.close();
});

function to(body: DeliveryBody, other: Partial<OutboundDelivery> = {}): OutboundDelivery {
  return {
    id: createIds({ now: () => now }).delivery(),
    address: general,
    body,
    targetPlatformId: null,
    ...other,
  };
}
const send = (delivery: OutboundDelivery): ReturnType<AdapterPort['send']> =>
  adapter.send(delivery, neverAborted());
const shown = (): readonly string[] => fake.shown(generalId).map(({ content }) => content);
const bodyOf = (index: number): Readonly<Record<string, unknown>> | undefined => fake.calls[index]?.body;

test('a message calls nobody, shows no previews, and carries its own key', async () => {
  const { message } = fake.say('question', { place: generalId });
  const delivery = to({ ...say('@everyone <@1> https://example.org'), replyTo: message.id });
  expect(await send(delivery)).toMatchObject({ ok: true });
  expect(bodyOf(0)).toMatchObject({
    content: '@everyone <@1> https://example.org',
    allowed_mentions: { parse: [] },
    flags: 4,
    enforce_nonce: true,
    nonce: expect.stringMatching(/^[0-9a-f]{25}$/),
    message_reference: { message_id: message.id, fail_if_not_exists: false },
  });
});

test('an answer that was lost: sent again under its key it is the same message', async () => {
  const delivery = to(say('once'));
  fake.dropAnswer(route.send);
  expect(await send(delivery)).toMatchObject({ ok: false, error: { type: 'unknown' } });
  expect(await adapter.lookup?.(delivery)).toEqual({ found: 'absent' });
  expect(await send(delivery)).toEqual({ ok: true, platformId: fake.shown(generalId)[0]?.id });
  expect(shown()).toEqual(['once']);
});

test('an answer that was lost before a long outage: the channel is read before it is sent again', async () => {
  const there = to(say('once'));
  fake.dropAnswer(route.send);
  await send(there);
  expect(await adapter.lookup?.(there)).toEqual({ found: 'absent' });
  now += 10 * minute; // nothing reached Discord meanwhile, and it has forgotten the nonce
  expect(await send(there)).toMatchObject({ ok: false, error: { type: 'unknown' } });
  expect(await adapter.lookup?.(there)).toMatchObject({ found: 'sent' });
  expect(shown()).toEqual(['once']);
});

test('one that never arrived goes out after the outage, once', async () => {
  const away = to(say('once'));
  fake.failNext(route.send, refusal(502, 0, 'Bad Gateway'));
  await send(away);
  expect(await adapter.lookup?.(away)).toEqual({ found: 'absent' });
  now += 10 * minute;
  expect(await send(away)).toMatchObject({ ok: false, error: { type: 'unknown' } });
  expect(await adapter.lookup?.(away)).toEqual({ found: 'absent' });
  expect(await send(away)).toMatchObject({ ok: true });
  expect(shown()).toEqual(['once']);
});

test('later the channel is read: it is there, it is not, or there are two of it', async () => {
  const there = to(say('there'));
  const away = to(say('away'));
  fake.dropAnswer(route.send);
  await send(there);
  now += 5 * minute;
  const [message] = fake.shown(generalId);
  expect(await adapter.lookup?.(there)).toEqual({ found: 'sent', platformId: message?.id });
  expect(await adapter.lookup?.(away)).toEqual({ found: 'absent' });
  fake.say('there', { place: generalId, from: bot });
  expect(await adapter.lookup?.(there)).toEqual({ found: 'unknown' });
  fake.failNext(route.history, refusal(403, 50001, 'Missing Access'));
  expect(await adapter.lookup?.(there)).toEqual({ found: 'unknown' });
  expect(fake.calls.filter((call) => call.route === route.send)).toHaveLength(1);
});

test('the same words said before are another delivery; whose they are, the next process cannot tell', async () => {
  await send(to(say('twice')));
  const second = to(say('twice'));
  now += 5 * minute;
  expect(await adapter.lookup?.(second)).toEqual({ found: 'absent' });
  const restarted = create();
  expect(await restarted.lookup?.(second)).toEqual({ found: 'unknown' });
  await restarted.close();
});

test('it is written into the thread, and an edit and a deletion find it there', async () => {
  const address = { ...general, thread: threadId };
  const sent = await send(to(say('draft'), { address }));
  const target = sent.ok ? sent.platformId : '';
  const edit = to({ ...say('final'), kind: 'edit', target: 'dlv_1' }, { address, targetPlatformId: target });
  expect(await send(edit)).toEqual({ ok: true, platformId: target });
  expect(fake.shown(threadId).map(({ content }) => content)).toEqual(['final']);
  const gone = to({ kind: 'delete', target: 'dlv_1' }, { address, targetPlatformId: target });
  for (let time = 0; time < 2; time += 1) expect(await send(gone)).toEqual({ ok: true, platformId: target });
  expect(await send(edit)).toMatchObject({ ok: false, error: { type: 'permanent' } });
});

test('buttons stand in rows of five', async () => {
  const buttons = Array.from({ length: 7 }, (_, i) => ({
    label: `L${i}`.repeat(50),
    value: `/approve ${i}`,
  }));
  await send(to({ ...say('choose'), buttons }));
  expect(bodyOf(0)?.['components']).toMatchObject([
    { type: 1, components: Array.from({ length: 5 }, (_, i) => ({ type: 2, custom_id: `/approve ${i}` })) },
    { type: 1, components: [{ custom_id: '/approve 5' }, { custom_id: '/approve 6' }] },
  ]);
  const many = Array.from({ length: 26 }, (_, i) => ({ label: 'x', value: String(i) }));
  expect(await send(to({ ...say('choose'), buttons: many }))).toMatchObject({ error: { type: 'permanent' } });
});

test('a reaction is put; one that is none is refused', async () => {
  const { message } = fake.say('nice', { place: generalId });
  await send(to({ kind: 'reaction', messageId: message.id, emoji: '👀' }));
  expect(fake.reactionsTo(generalId, message.id)).toEqual(['👀']);
  const odd = to({ kind: 'reaction', messageId: message.id, emoji: 'x/../../y' });
  expect(await send(odd)).toMatchObject({ ok: false, error: { type: 'permanent' } });
});

test('a file goes as an attachment under a clean name; too large a one makes no call', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tiro-discord-'));
  const path = join(folder, 'report.txt');
  const file = { kind: 'file', path, name: 're"port.txt', mime: 'text/plain', caption: 'Here.' } as const;
  writeFileSync(path, 'hello');
  expect(await send(to(file))).toMatchObject({ ok: true });
  expect(fake.calls[0]?.files.map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)])).toEqual([
    ['re_port.txt', 'hello'],
  ]);
  expect(fake.shown(generalId)[0]).toMatchObject({ content: 'Here.' });
  writeFileSync(path, Buffer.alloc(10_485_761));
  expect(await send(to(file))).toMatchObject({ ok: false, error: { type: 'permanent' } });
  rmSync(folder, { recursive: true });
  expect(await send(to(file))).toMatchObject({ ok: false, error: { type: 'permanent' } });
  expect(fake.calls).toHaveLength(1);
});

test.each([
  [refusal(403, 50007, 'Cannot send messages to this user'), 'permanent'],
  [refusal(404, 10003, 'Unknown Channel'), 'permanent'],
  [refusal(400, 50035, 'Invalid Form Body'), 'permanent'],
  [refusal(503, 0, 'Service Unavailable'), 'unknown'],
  [rateLimited(2), 'rate-limited'],
])('a refusal %o is %s', async (answer, type) => {
  fake.failNext(route.send, answer);
  const result = await send(to(say('x')));
  expect(result).toMatchObject({ ok: false, error: { type } });
  if (!result.ok && result.error.type === 'rate-limited')
    expect(result.error.retryAfterMs).toBeGreaterThan(1_900);
  expect(fake.calls).toHaveLength(1);
});

test("a proxy's page is no answer of Discord", async () => {
  fake.answerWith(route.send, 200, '<html>log in</html>');
  expect(await send(to(say('x')))).toMatchObject({ ok: false, error: { type: 'unknown' } });
  fake.answerWith(route.send, 502, '<html>bad gateway</html>');
  expect(await send(to(say('x')))).toMatchObject({ ok: false, error: { type: 'unknown' } });
});

test('long, tabular and code-heavy answers arrive whole', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => `| row ${i} | ${'value '.repeat(5)}${i} |`).join('\n');
  const code = Array.from({ length: 150 }, (_, i) => `const line${i} = "${'x'.repeat(20)}";`).join('\n');
  const words = Array.from({ length: 900 }, (_, i) => `word${i}`).join(' ');
  const markdown = `# Report\n\n${words}\n\n| a | b |\n|---|---|\n${rows}\n\n\`\`\`ts\n${code}\n\`\`\`\n`;
  const [dialect] = adapter.abilities.dialects;
  const { maxText, countedAs } = adapter.abilities;
  const chunks = createRender().chunk(markdown, { dialect, limit: maxText, countedAs });
  for (const { text } of chunks)
    expect(await send(to({ ...say(text), dialect }))).toMatchObject({ ok: true });
  const all = shown().join('\n');
  for (const piece of ['word0', 'word899', 'row 0', 'row 59', 'const line0', 'const line149'])
    expect(all).toContain(piece);
  for (let i = 0; i < 900; i += 1) expect(all).toContain(`word${i}`);
});

test('typing shows, and says so when it does not', async () => {
  await adapter.typing?.(general);
  expect(fake.calls.at(-1)?.route).toBe('POST /channels/:id/typing');
  await expect(adapter.typing?.({ ...general, chat: '400000000000000099' })).rejects.toThrow(
    'Unknown Channel',
  );
});

test('a file that came in is found again by its id, without our token', async () => {
  const bytes = new TextEncoder().encode('the plan');
  const { message } = fake.say('see', { files: [{ name: 'plan.txt', bytes, mime: 'text/plain' }] });
  const [attachment] = message.attachments;
  const id = `${fake.direct(ann.id).id}/${message.id}/${attachment?.id ?? ''}`;
  const file = { id, kind: 'document', name: 'plan.txt', mime: 'text/plain', bytes: 8 } as const;
  const stream = await adapter.fetch?.(file, neverAborted());
  expect(await new Response(stream).text()).toBe('the plan');
  fake.remove(message);
  await expect(adapter.fetch?.(file, neverAborted())).rejects.toThrow('Unknown Message');
});

test('a link that leads elsewhere is not followed', async () => {
  const { message } = fake.say('see');
  const evil = { id: '9', filename: 'x', size: 1, url: 'https://cdn.discordapp.com.evil.example/x' };
  message.attachments = [evil, { ...evil, id: '8', size: 30_000_000, url: 'https://cdn.discordapp.com/x' }];
  const file = { kind: 'document', name: 'x', mime: 'x/y', bytes: 1 } as const;
  const at = `${message.channel_id}/${message.id}`;
  await expect(adapter.fetch?.({ ...file, id: `${at}/9` }, neverAborted())).rejects.toThrow(
    'leads elsewhere',
  );
  await expect(adapter.fetch?.({ ...file, id: `${at}/8` }, neverAborted())).rejects.toThrow('25 MB');
  await expect(adapter.fetch?.({ ...file, id: '../x/9' }, neverAborted())).rejects.toThrow('none of Discord');
});
