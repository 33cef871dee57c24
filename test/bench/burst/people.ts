import type { FakeTelegram } from '#test/fakes/telegram/index.ts';
import type { SayOptions } from '#test/fakes/telegram/people.ts';

export const botToken = '123456:TEST-token-of-the-fake-telegram-bot';
const firstTalker = 1_000;
/** Who throws everything at once: a member like all the others, with an id of their own. */
const flooder = 900;

/** A config.yaml (JSON is YAML too): Ann owns the gateway, everybody else is a member; the model costs nothing. */
export function configOf(options: {
  readonly modelUrl: string;
  readonly telegram: Pick<FakeTelegram, 'url'>;
  readonly chats: number;
  /** Calls of the model at the same time. */
  readonly concurrency?: number;
}): string {
  const talkers = Array.from(
    { length: options.chats },
    (_, index) => [`p${index}`, firstTalker + index] as const,
  );
  const members = [...talkers, ['flo', flooder] as const].map(([handle, id]) => [
    handle,
    { role: 'member', identities: [`telegram:${id}`] },
  ]);
  const models = { 'fake-model': { context: 128_000, priceIn: 0, priceOut: 0 } };
  const { concurrency = 32 } = options;
  return JSON.stringify({
    model: { providers: { main: { baseUrl: options.modelUrl, concurrency, models } } },
    channels: { telegram: { token: botToken, apiRoot: options.telegram.url } },
    access: { groups: 'all' },
    // The flood is to be worked on as fast as it can: with its limit it would be in nobody's way.
    conversation: { turnsPerMinute: 0 },
    people: { ann: { role: 'owner', identities: ['telegram:7'] }, ...Object.fromEntries(members) },
  });
}

export function talker(index: number): SayOptions {
  return { from: { id: firstTalker + index, is_bot: false, first_name: `Talker ${index}` } };
}

export const flood: SayOptions = { from: { id: flooder, is_bot: false, first_name: 'Flo' } };
export const floodChat = `telegram:${flooder}`;
