import type { CliHome, ConfigEdit } from '../../deps.ts';
import { keepSecret } from '../secret.ts';
import type { ChannelAnswer } from './ask.ts';

/** The secrets into files, and what then changes in config.yaml. Other keys of the channel stay. */
export async function channelEdits(
  home: Pick<CliHome, 'writeSecret'>,
  { platform, mode, secrets, apiRoot }: ChannelAnswer,
): Promise<readonly ConfigEdit[]> {
  const at = (key: string): readonly string[] => ['channels', platform.name, key];
  const edits: ConfigEdit[] = [];
  for (const [key, secret] of Object.entries(secrets)) {
    edits.push({ path: at(key), value: await keepSecret(home, secret) });
  }
  if (apiRoot !== null) edits.push({ path: at('apiRoot'), value: apiRoot });
  if (mode !== null) edits.push({ path: at('mode'), value: mode });
  return edits;
}

/** Variables that shall be set at the next start: they count as set while the new config.yaml is checked. */
export function channelVariables({ secrets }: ChannelAnswer): Readonly<Record<string, string>> {
  const kept = Object.values(secrets).filter(({ reference }) => reference.keep === 'environment');
  return Object.fromEntries(kept.map(({ reference, value }) => [reference.name, value]));
}

/** What is left to do on the platform and here, so that the owner can talk to the bot. */
export function channelSteps({ platform, found }: ChannelAnswer): readonly string[] {
  const bot = found?.bot ?? `your bot on ${platform.title}`;
  return [
    ...(found?.steps ?? []),
    `Pair yourself: tiro people pair, then send the code to ${bot} as it says.`,
  ];
}
