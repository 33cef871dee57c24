import type { CliDeps } from '../deps.ts';
import { probeTelegram } from './probe.ts';
import type { Prompts } from './prompts.ts';
import { askSecret, type NamedSecret } from './secret.ts';

export interface TelegramAnswer {
  readonly secret: NamedSecret;
  /** Null: Telegram could not be asked. */
  readonly bot: string | null;
}

const howTo = [
  '1. In Telegram, open a chat with @BotFather (the one with the blue mark).',
  '2. Send /newbot and answer its two questions.',
  '3. It gives you a token such as 123456789:AAE…  Copy it.',
].join('\n');

/** Asks for a bot token and tries it. Null: no Telegram. */
export async function askTelegram(
  deps: Pick<CliDeps, 'fetch' | 'clock' | 'env'>,
  prompts: Prompts,
): Promise<TelegramAnswer | null> {
  if (!(await prompts.confirm('Shall Tiro answer on Telegram?', false))) return null;
  prompts.note('A bot of your own takes a minute', howTo);
  for (;;) {
    const secret = await askSecret(prompts, {
      what: 'The token of your bot',
      variable: 'TELEGRAM_BOT_TOKEN',
      fileName: 'telegram-token',
      env: deps.env,
    });
    const probed = await prompts.busy('Asking Telegram who that is…', probeTelegram(deps, secret.value));
    if (probed.ok) {
      prompts.good(`It is @${probed.value}.`);
      return { secret, bot: probed.value };
    }
    prompts.bad(probed.why);
    const choices = [
      { value: 'again', label: 'Try another token' },
      { value: 'skip', label: 'Do without Telegram for now' },
      { value: 'keep', label: 'Keep it all the same' },
    ] as const;
    const next = await prompts.select('What now?', choices, 'again');
    if (next === 'skip') return null;
    if (next === 'keep') return { secret, bot: null };
  }
}
