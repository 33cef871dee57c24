import type { CliDeps, CliHome } from '../../deps.ts';
import type { Check, Prompts } from '../prompts.ts';
import { askSecret, type NamedSecret } from '../secret.ts';
import { channelPlatforms } from './index.ts';
import type { ChannelMode, ChannelPlatform, ChannelSetting, Found, Settings } from './platform.ts';
import { isKept, namesOf, secretsFor } from './secrets.ts';

export interface ChannelAnswer {
  readonly platform: ChannelPlatform;
  readonly mode: ChannelMode;
  readonly settings: Settings;
  /** By key in the channel's section. Those that config.yaml has already and keeps are not among them. */
  readonly secrets: Readonly<Record<string, NamedSecret>>;
  /** Of these secrets the ones that were made here, to be shown once. */
  readonly made: readonly string[];
  /** Null: the default of the platform, or what config.yaml says already. */
  readonly apiRoot: string | null;
  /** Null: it was not tried, or did not work and is kept all the same. */
  readonly found: Found | null;
}

export type AskDeps = Pick<CliDeps, 'fetch' | 'clock' | 'env' | 'randomToken'>;

export interface AskedChannel {
  readonly platform: ChannelPlatform;
  readonly apiRoot: string | null;
  /** Null: it is asked for. */
  readonly mode: string | null;
  /** What needs no question any more. */
  readonly given: Settings;
  readonly home: Pick<CliHome, 'isSet'>;
  /** Channels that will stand in config.yaml with this one. */
  readonly beside: readonly string[];
}

/** Asks for a channel's settings and secrets and tries them live. Null: do without it. */
export async function askChannel(
  deps: AskDeps,
  prompts: Prompts,
  asked: AskedChannel,
): Promise<ChannelAnswer | null> {
  const { platform, apiRoot } = asked;
  const { title, lead, howTo } = platform;
  prompts.note(`${title}: ${lead}`, howTo.map((step, index) => `${index + 1}. ${step}`).join('\n'));
  for (;;) {
    const mode = await askMode(prompts, asked);
    const settings = await askSettings(prompts, mode, asked);
    const secrets = await askSecrets(deps, prompts, { ...asked, mode, settings });
    const answer = { platform, mode, settings, ...secrets, apiRoot };
    const probed = await prompts.busy(`Trying ${title}…`, tryChannel(deps, answer));
    if (probed.ok) {
      prompts.good(`${probed.value.said ?? `It is ${probed.value.bot}`}.`);
      return { ...answer, found: probed.value };
    }
    prompts.bad(probed.why);
    const choices = [
      { value: 'again', label: 'Try again' },
      { value: 'skip', label: `Do without ${title} for now` },
      { value: 'keep', label: 'Keep it all the same' },
    ] as const;
    const next = await prompts.select('What now?', choices, 'again');
    if (next === 'skip') return null;
    if (next === 'keep') return { ...answer, found: null };
  }
}

/** One live question to the platform. */
export function tryChannel(
  deps: AskDeps,
  { platform, mode, settings, secrets, apiRoot }: Omit<ChannelAnswer, 'found' | 'made'>,
): ReturnType<ChannelPlatform['probe']> {
  const values = Object.entries(secrets).map(([key, { value }]) => [key, value] as const);
  return platform.probe(deps, {
    apiRoot: apiRoot ?? platform.apiRoot ?? '',
    mode: mode.mode,
    settings,
    secrets: Object.fromEntries(values),
  });
}

async function askMode(prompts: Prompts, { platform, mode: wanted }: AskedChannel): Promise<ChannelMode> {
  const { modes, title } = platform;
  const [first] = modes;
  if (modes.length === 1 || wanted !== null) return modes.find(({ mode }) => mode === wanted) ?? first;
  const choices = modes.map(({ mode, label, hint }) => ({ value: mode ?? '', label, hint }));
  const chosen = await prompts.select(`How shall ${title} be connected?`, choices, first.mode ?? '');
  return modes.find(({ mode }) => mode === chosen) ?? first;
}

/** One after the other: what is usual for a later one follows from the earlier ones. */
async function askSettings(
  prompts: Prompts,
  { settings }: ChannelMode,
  { given, home, beside }: AskedChannel,
): Promise<Settings> {
  const known: Record<string, string> = { ...given };
  const channels = [...beside, ...(await configuredIn(home))];
  for (const setting of settings) {
    known[setting.key] ??= await askSetting(
      prompts,
      { ...setting, check: (text) => setting.check(text, channels) },
      known,
    );
  }
  return known;
}

/** The channels that config.yaml has. */
export async function configuredIn(home: Pick<CliHome, 'isSet'>): Promise<readonly string[]> {
  const found = await Promise.all(
    channelPlatforms.map(async ({ name }) => ((await home.isSet(['channels', name])) ? [name] : [])),
  );
  return found.flat();
}

type Asking = Omit<ChannelSetting, 'check'> & { readonly check: Check };

async function askSetting(prompts: Prompts, setting: Asking, known: Settings): Promise<string> {
  const { what, usual, asked, check, choices } = setting;
  const initial = usual(known);
  if (initial !== null && !asked(known)) return initial;
  if (choices !== undefined) return prompts.select(what, choices, initial ?? choices[0].value);
  return prompts.text(what, initial === null ? { check } : { check, initial });
}

async function askSecrets(
  deps: AskDeps,
  prompts: Prompts,
  asked: Omit<AskedChannel, 'mode'> & { readonly mode: ChannelMode; readonly settings: Settings },
): Promise<Pick<ChannelAnswer, 'secrets' | 'made'>> {
  const secrets: Record<string, NamedSecret> = {};
  const made: string[] = [];
  for (const secret of secretsFor(asked.mode, asked.settings)) {
    const { variable, fileName } = namesOf(asked.platform, secret, asked.settings);
    const { key, what, spaces = false, generate } = secret;
    const whence = generate === undefined ? 'own' : await askWhence(prompts, what, await isKept(asked, key));
    if (whence === 'keep') continue;
    if (whence === 'make' && generate !== undefined) {
      const value = generate(deps.randomToken(), asked.settings);
      secrets[key] = { value, reference: { keep: 'file', name: fileName } };
      made.push(key);
    } else secrets[key] = await askSecret(prompts, { what, variable, fileName, env: deps.env, spaces });
  }
  return { secrets, made };
}

function askWhence(prompts: Prompts, what: string, isThere: boolean): Promise<'keep' | 'make' | 'own'> {
  const keep = { value: 'keep', label: 'Keep the one that is configured' } as const;
  const choices = [
    ...(isThere ? [keep] : []),
    { value: 'make', label: 'Make one up', hint: 'it is shown once, at the end' },
    { value: 'own', label: 'Type one' },
  ] as const;
  return prompts.select(what, choices, isThere ? 'keep' : 'make');
}
