import { z } from 'zod';
import { type Probe, type ProbeDeps, ask } from '../probe.ts';
import type { Candidate, ChannelPlatform, Found } from './platform.ts';

export const telegram: ChannelPlatform = {
  name: 'telegram',
  title: 'Telegram',
  lead: 'a bot of your own',
  howTo: [
    'In Telegram, open a chat with @BotFather (the one with the blue mark).',
    'Send /newbot and answer its two questions.',
    'It gives you a token such as 123456789:AAE…  Copy it.',
  ],
  apiRoot: 'https://api.telegram.org',
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
          variable: 'TELEGRAM_BOT_TOKEN',
          fileName: 'telegram-token',
        },
      ],
    },
  ],
  probe,
};

const botSchema = z.object({ ok: z.literal(true), result: z.object({ username: z.string() }) });

/** getMe: the bot that a token belongs to. */
async function probe(deps: ProbeDeps, { apiRoot, secrets }: Candidate): Promise<Probe<Found>> {
  const baseUrl = `${apiRoot.replace(/\/+$/, '')}/bot${secrets['token'] ?? ''}`;
  const answered = await ask(deps, { baseUrl, apiKey: null, path: '/getMe', body: null });
  if (!answered.ok) {
    const isUnknown = /answered (401|404)/.test(answered.why);
    return isUnknown
      ? {
          ok: false,
          why: 'Telegram does not know this token. Copy it again from @BotFather: /mybots, API Token.',
        }
      : answered;
  }
  const parsed = botSchema.safeParse(answered.value);
  if (!parsed.success) return { ok: false, why: 'Telegram answered with something unexpected.' };
  return { ok: true, value: { bot: `@${parsed.data.result.username}`, steps: [] } };
}
