import { z } from 'zod';
import { type Probe, type ProbeDeps, ask } from '../probe.ts';
import type { Candidate, ChannelPlatform, Found } from './platform.ts';

export const discord: ChannelPlatform = {
  name: 'discord',
  title: 'Discord',
  lead: 'a bot of your own',
  howTo: [
    'Open https://discord.com/developers/applications and press New Application.',
    'Under Bot, switch on the Message Content Intent.',
    'Under Bot, press Reset Token and copy the token.',
  ],
  apiRoot: 'https://discord.com/api',
  modes: [
    {
      mode: null,
      label: '',
      hint: '',
      settings: [],
      secrets: [
        {
          key: 'token',
          what: 'The token of your bot',
          variable: 'DISCORD_BOT_TOKEN',
          fileName: 'discord-token',
        },
      ],
    },
  ],
  probe,
};

const applicationSchema = z.object({
  id: z.string().regex(/^\d{1,32}$/),
  flags: z.number().int().nonnegative().default(0),
  bot: z.object({ username: z.string() }),
});

/** The flags GATEWAY_MESSAGE_CONTENT (bit 18) and its form for bots in few servers (bit 19): https://docs.discord.com/developers/resources/application */
function canReadMessages(flags: number): boolean {
  return Math.floor(flags / 2 ** 18) % 4 !== 0;
}

/** View channels, send messages (in threads too), attach files, read the history, add reactions: what doctor looks for. */
const permissions = 2n ** 10n + 2n ** 11n + 2n ** 38n + 2n ** 15n + 2n ** 16n + 2n ** 6n;

/** GET /applications/@me: the application that a token belongs to, and what it may read. */
async function probe(deps: ProbeDeps, { apiRoot, secrets }: Candidate): Promise<Probe<Found>> {
  const root = apiRoot.replace(/\/+$/, '');
  const baseUrl = /\/v\d+$/.test(root) ? root : `${root}/v10`;
  const authorization = `Bot ${secrets['token'] ?? ''}`;
  const ifNowhere = 'Does --api-root end in /api?';
  const question = { baseUrl, apiKey: null, authorization, path: '/applications/@me', body: null, ifNowhere };
  const answered = await ask(deps, question);
  if (!answered.ok) {
    const isUnknown = /answered (401|403)/.test(answered.why);
    return isUnknown
      ? { ok: false, why: 'Discord does not know this token. Copy it again, or Reset Token under Bot.' }
      : answered;
  }
  const parsed = applicationSchema.safeParse(answered.value);
  if (!parsed.success) return { ok: false, why: 'Discord answered with something unexpected.' };
  const { id, flags, bot } = parsed.data;
  const invite = `https://discord.com/oauth2/authorize?client_id=${id}&scope=bot+applications.commands&permissions=${permissions}`;
  const steps = [
    ...(canReadMessages(flags)
      ? []
      : [
          `Switch on the Message Content Intent under https://discord.com/developers/applications/${id}/bot: without it I see no text.`,
        ]),
    `Invite the bot to your server: ${invite}`,
  ];
  return { ok: true, value: { bot: `@${bot.username}`, steps } };
}
