import { expect, test } from 'vitest';
import type { ChatAddress } from '#core/address.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { createFeedback } from '#outbox/feedback.ts';
import { createManualClock } from '#test/kernel/clock.ts';
import { createTestChannel } from '#test/outbox/channel.ts';

const ann = 'telegram:7/5';

function feedbackWith(typing: AdapterPort['typing'], abilities: { typing?: boolean } = {}) {
  const clock = createManualClock();
  const lines: string[] = [];
  const write = (event: string): void => void lines.push(event);
  const channel = { ...createTestChannel('telegram', clock, abilities), ...(typing && { typing }) };
  const adapter = (name: string): AdapterPort | null => (name === 'telegram' ? channel : null);
  const feedback = createFeedback({ adapter, clock, log: { info: write, warn: write, error: write } });
  return { feedback, clock, lines };
}

test('typing is shown within two seconds, again while it runs, and no more at the end', async () => {
  const shown: ChatAddress[] = [];
  const { feedback, clock } = feedbackWith(async (chat) => void shown.push(chat));
  const end = feedback.start(ann);
  expect(shown).toEqual([]);
  await clock.pass(2_000);
  expect(shown).toEqual([{ channel: 'telegram', chat: '7', thread: '5' }]);
  await clock.pass(12_000);
  expect(shown).toHaveLength(4);
  end();
  await clock.pass(60_000);
  expect(shown).toHaveLength(4);
  expect(clock.waiting()).toBe(0);
  end();
});

test('an answer that comes at once needs none', async () => {
  const shown: ChatAddress[] = [];
  const { feedback, clock } = feedbackWith(async (chat) => void shown.push(chat));
  const end = feedback.start(ann);
  await clock.pass(400);
  end();
  await clock.pass(60_000);
  expect(shown).toEqual([]);
});

test('a platform that refuses it is harmless, also when the adapter throws', async () => {
  for (const typing of [
    () => Promise.reject(new Error('HTTP 502')),
    () => {
      throw new Error('no such chat');
    },
  ]) {
    const { feedback, clock, lines } = feedbackWith(typing);
    const end = feedback.start(ann);
    await clock.pass(5_000);
    end();
    expect(lines).toEqual(['delivery.typing-failed', 'delivery.typing-failed']);
  }
});

test('a sign that is late is not followed by more of them', async () => {
  let calls = 0;
  const { feedback, clock } = feedbackWith(() => {
    calls += 1;
    return new Promise(() => undefined);
  });
  const end = feedback.start(ann);
  await clock.pass(60_000);
  end();
  expect(calls).toBe(1);
});

test('nothing is shown where the channel cannot, is not configured, or the chat is none', async () => {
  const never = (): Promise<void> => Promise.reject(new Error('must not be called'));
  for (const [typing, abilities, chat] of [
    [undefined, {}, ann],
    [never, { typing: false }, ann],
    [never, {}, 'discord:7'],
    [never, {}, 'telegram:%'],
  ] as const) {
    const { feedback, clock, lines } = feedbackWith(typing, abilities);
    feedback.start(chat)();
    const end = feedback.start(chat);
    await clock.pass(60_000);
    end();
    expect(lines).toEqual([]);
    expect(clock.waiting()).toBe(0);
  }
});
