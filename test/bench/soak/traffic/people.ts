import type { SayOptions } from '#test/fakes/telegram/people.ts';

export const botToken = '123456:TEST-token-of-the-fake-telegram-bot';
const firstId = 1_000;

/** A config.yaml (JSON is YAML too): everybody is a member with a chat of their own; the model costs nothing. */
export function configOf(parts: {
  readonly modelUrl: string;
  readonly telegramUrl: string;
  readonly chats: number;
}): string {
  const members = Array.from({ length: parts.chats }, (_, index) => [
    `p${index}`,
    { role: 'member', identities: [`telegram:${firstId + index}`] },
  ]);
  const models = { 'fake-model': { context: 128_000, priceIn: 0, priceOut: 0 } };
  return JSON.stringify({
    model: { providers: { main: { baseUrl: parts.modelUrl, concurrency: 32, models } } },
    channels: { telegram: { token: botToken, apiRoot: parts.telegramUrl } },
    people: { ann: { role: 'owner', identities: ['telegram:7'] }, ...Object.fromEntries(members) },
  });
}

/** The person with this number, in their own chat. */
export function person(index: number): SayOptions {
  return { from: { id: firstId + index, is_bot: false, first_name: `Person ${index}` } };
}
