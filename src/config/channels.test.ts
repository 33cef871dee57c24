import { expect, test } from 'vitest';
import { configSchema } from './schema.ts';

const telegram = { token: '7:token' };
const secret = 'a-secret-that-is-long-enough';
const endpoint = (replyTo: unknown) => ({
  endpoints: { ci: { secret, scheme: 'github', prompt: 'x', replyTo } },
});

/** What is wrong with `channels`, as `path message`. */
function wrong(channels: object): readonly string[] {
  const { error } = configSchema.safeParse({ channels });
  return error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
}

test('an endpoint answers in a chat of a channel that is there, or at a URL', () => {
  const url = { url: 'https://x.example', secret: `whsec_${Buffer.from(secret).toString('base64')}` };
  expect(wrong({ telegram, webhook: endpoint('telegram:7') })).toEqual([]);
  expect(wrong({ webhook: endpoint(url) })).toEqual([]);
  for (const [channel, chat] of [
    ['slack', 'slack:D1'],
    ['web', 'web:1'],
    ['api', 'api:ann'],
  ]) {
    expect(wrong({ telegram, webhook: endpoint(chat) })).toEqual([
      `channels.webhook.endpoints.ci.replyTo must be a chat of a channel that stands under channels: ${channel} does not`,
    ]);
  }
});
