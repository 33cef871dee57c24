import type { CliHome, ConfigEdit } from '../../deps.ts';
import { keepSecret } from '../secret.ts';
import type { ChannelAnswer } from './ask.ts';
import type { ChannelMode } from './platform.ts';
import { sectionOf } from './secrets.ts';

/** The secrets into files, and what then changes in config.yaml. Other keys of the channel stay. */
export async function channelEdits(
  home: Pick<CliHome, 'writeSecret'>,
  { platform, mode, settings, secrets, apiRoot }: ChannelAnswer,
): Promise<readonly ConfigEdit[]> {
  const section = sectionOf(platform, settings);
  const at = (key: string): readonly string[] => [...section, ...key.split('.')];
  const edits: ConfigEdit[] = [];
  for (const { key, written } of mode.settings) {
    const text = settings[key];
    if (text === undefined || key === platform.entry?.setting) continue;
    for (const [place, value] of written?.(text) ?? [[key, text]]) edits.push({ path: at(place), value });
  }
  for (const [key, secret] of Object.entries(secrets)) {
    const value = await keepSecret(home, secret);
    const also = mode.secrets.find((one) => one.key === key)?.also ?? [];
    for (const place of [key, ...also]) edits.push({ path: at(place), value });
  }
  if (apiRoot !== null) edits.push({ path: at('apiRoot'), value: apiRoot });
  if (mode.mode !== null) edits.push({ path: at('mode'), value: mode.mode });
  if (platform.separateModes !== true) return edits;
  const kept = new Set(keysOf(mode));
  const gone = platform.modes.flatMap(keysOf).filter((key) => !kept.has(key));
  return [...edits, ...gone.map((key) => ({ path: at(key), value: undefined }))];
}

/** A mode that asks for nothing has no address either. */
function keysOf({ settings, secrets }: ChannelMode): readonly string[] {
  const keys = [...settings, ...secrets].map(({ key }) => key);
  return keys.length === 0 ? [] : [...keys, 'apiRoot'];
}

/** Variables that shall be set at the next start: they count as set while the new config.yaml is checked. */
export function channelVariables({ secrets }: ChannelAnswer): Readonly<Record<string, string>> {
  const kept = Object.values(secrets).filter(({ reference }) => reference.keep === 'environment');
  return Object.fromEntries(kept.map(({ reference, value }) => [reference.name, value]));
}

/** The secrets that were made here, for the one time that they are shown. */
export function madeSecrets({ secrets, made }: ChannelAnswer): Readonly<Record<string, string>> {
  return Object.fromEntries(made.map((key) => [key, secrets[key]?.value ?? '']));
}

/** What is left to do on the platform and here, so that the owner can talk to the bot. */
export function channelSteps({ platform, settings, found }: ChannelAnswer): readonly string[] {
  const bot = found?.bot ?? settings['address'] ?? `your bot on ${platform.title}`;
  const pair = `Pair yourself: tiro people pair, then send the code to ${bot} as it says.`;
  return [...(found?.steps ?? []), ...(platform.noPairing === true ? [] : [pair])];
}
