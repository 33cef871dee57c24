import type { CliDeps } from '../../deps.ts';
import type { Prompts } from '../prompts.ts';
import { askSecret, type NamedSecret } from '../secret.ts';
import type { ChannelMode, ChannelPlatform, Found } from './platform.ts';

export interface ChannelAnswer {
  readonly platform: ChannelPlatform;
  readonly mode: string | null;
  /** By key in the channel's section. */
  readonly secrets: Readonly<Record<string, NamedSecret>>;
  /** Null: the default of the platform, or what config.yaml says already. */
  readonly apiRoot: string | null;
  /** Null: it was not tried, or did not work and is kept all the same. */
  readonly found: Found | null;
}

type AskDeps = Pick<CliDeps, 'fetch' | 'clock' | 'env'>;

/** Asks for a channel's secrets and tries them live. Null: do without it. */
export async function askChannel(
  deps: AskDeps,
  prompts: Prompts,
  { platform, apiRoot }: { readonly platform: ChannelPlatform; readonly apiRoot: string | null },
): Promise<ChannelAnswer | null> {
  const { title, howTo } = platform;
  prompts.note(`${title}: a bot of your own`, howTo.map((step, index) => `${index + 1}. ${step}`).join('\n'));
  for (;;) {
    const mode = await askMode(prompts, platform);
    const secrets = await askSecrets(deps, prompts, mode);
    const answer = { platform, mode: mode.mode, secrets, apiRoot };
    const probed = await prompts.busy(`Asking ${title} who that is…`, tryChannel(deps, answer));
    if (probed.ok) {
      prompts.good(`It is ${probed.value.bot}.`);
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
  { platform, mode, secrets, apiRoot }: Omit<ChannelAnswer, 'found'>,
): ReturnType<ChannelPlatform['probe']> {
  const values = Object.entries(secrets).map(([key, { value }]) => [key, value] as const);
  const candidate = { apiRoot: apiRoot ?? platform.apiRoot, mode, secrets: Object.fromEntries(values) };
  return platform.probe(deps, candidate);
}

async function askMode(prompts: Prompts, { modes, title }: ChannelPlatform): Promise<ChannelMode> {
  const [first] = modes;
  if (modes.length === 1) return first;
  const choices = modes.map(({ mode, label, hint }) => ({ value: mode ?? '', label, hint }));
  const chosen = await prompts.select(`How shall ${title} be connected?`, choices, first.mode ?? '');
  return modes.find(({ mode }) => mode === chosen) ?? first;
}

async function askSecrets(
  { env }: Pick<AskDeps, 'env'>,
  prompts: Prompts,
  { secrets }: ChannelMode,
): Promise<Readonly<Record<string, NamedSecret>>> {
  const answers: Record<string, NamedSecret> = {};
  for (const { key, what, variable, fileName } of secrets) {
    answers[key] = await askSecret(prompts, { what, variable, fileName, env });
  }
  return answers;
}
