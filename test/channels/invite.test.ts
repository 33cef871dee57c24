import { expect, test } from 'vitest';
import { inviteLink } from '#adapters/discord/check.ts';
import { discord } from '#cli/wizard/channel/discord.ts';
import { createClock } from '#lib/clock.ts';

test('the set-up of Discord invites the bot with the rights that doctor looks for', async () => {
  const application = { id: '42', flags: 2 ** 18, bot: { username: 'tiro' } };
  const fetch = (): Promise<Response> => Promise.resolve(Response.json(application));
  const candidate = { apiRoot: 'https://discord.com/api', mode: null, settings: {}, secrets: { token: 'x' } };
  const probed = await discord.probe({ clock: createClock(), fetch }, candidate);
  const steps = probed.ok ? probed.value.steps.join('\n') : '';
  const url = (text: string): Record<string, string> =>
    Object.fromEntries(new URL(/https:\/\/\S+authorize\S+/.exec(text)?.[0] ?? 'about:blank').searchParams);
  expect(url(steps)).toMatchObject({ client_id: '42', permissions: expect.stringMatching(/^\d+$/) });
  expect(url(steps)).toEqual(url(inviteLink('42')));
});
