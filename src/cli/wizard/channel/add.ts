import { TiroError } from '#core/errors.ts';
import type { CommandContext } from '../../command.ts';
import { createPrompts, type Prompts, WizardCancelled } from '../prompts.ts';
import { askChannel, type ChannelAnswer } from './ask.ts';
import type { ChannelMode, ChannelPlatform } from './platform.ts';
import { givenSettings, modeOf, scripted } from './scripted.ts';
import { channelEdits, channelSteps, channelVariables, madeSecrets } from './write.ts';

export interface AddOptions {
  /** The secrets stand in the platform's usual variables, which config.yaml will name. */
  readonly fromEnv?: boolean;
  /** The secrets stand on standard input, one a line; they are kept in files. */
  readonly stdin?: boolean;
  readonly mode?: string;
  /** `KEY=VALUE`, for what is no secret. */
  readonly set?: readonly string[];
  readonly apiRoot?: string;
  /** False: the platform is not asked whether they are right. */
  readonly check?: boolean;
}

export interface Added {
  readonly channel: string;
  /** Of config.yaml. */
  readonly path: string;
  /** Null: nobody asked the platform. */
  readonly bot: string | null;
  /** By key: secrets that were made here. They are shown this once; the files have them. */
  readonly made: Readonly<Record<string, string>>;
  readonly next: readonly string[];
}

type AddContext = Pick<CommandContext, 'deps' | 'home' | 'json'>;

/**
 * secrets (asked for, from the environment or from standard input) → tried live → files → config.yaml
 *
 * Null: it was given up at a question, and nothing has changed. Again with the same answers changes nothing. Contract: rejects
 * as `bad-input` for what is missing or refused by the platform, as `bad-config` where config.yaml cannot take it; nothing is
 * written then.
 */
export async function addChannel(
  context: AddContext,
  platform: ChannelPlatform,
  options: AddOptions & { readonly prompts?: Prompts },
): Promise<Added | null> {
  if (options.apiRoot !== undefined && platform.apiRoot === null) {
    throw new TiroError('bad-input', `--api-root: ${platform.title} has no such address.`);
  }
  const answer = await answerFor(context, platform, options);
  if (answer === null) return null;
  const { home } = context;
  const edits = await channelEdits(home, answer);
  const edited = await home.edit(edits, channelVariables(answer));
  if (!edited.ok) {
    const lines = edited.problems.map(({ path, message, fix }) => `  ${path} ${message}. ${fix}`);
    throw new TiroError('bad-config', `config.yaml was not written:\n${lines.join('\n')}`);
  }
  const running = (await home.gateway()) !== null;
  const variables = Object.keys(channelVariables(answer));
  const next = [
    ...(variables.length === 0 ? [] : [`Set ${variables.join(' and ')} wherever the gateway starts.`]),
    running
      ? 'Start the gateway again: a new channel is connected at the start.'
      : 'Start the gateway: tiro start',
    ...channelSteps(answer),
  ];
  const bot = answer.found?.bot ?? null;
  return { channel: platform.name, path: edited.path, bot, made: madeSecrets(answer), next };
}

async function answerFor(
  context: AddContext,
  platform: ChannelPlatform,
  options: AddOptions & { readonly prompts?: Prompts },
): Promise<ChannelAnswer | null> {
  const { deps, home, json } = context;
  if (options.fromEnv === true || options.stdin === true) return scripted(context, platform, options);
  const { input, output } = deps.terminal;
  if (options.prompts === undefined && (!input || !output || json)) {
    const mode = modeOf(platform, options.mode);
    if (mode.secrets.every(({ generate }) => generate !== undefined))
      return scripted(context, platform, options);
    throw new TiroError('bad-input', howToScript(platform, mode));
  }
  const prompts = options.prompts ?? (await createPrompts(deps));
  try {
    prompts.intro(`Tiro on ${platform.title}`);
    const apiRoot = options.apiRoot ?? null;
    const given = givenSettings(modeOf(platform, options.mode), options.set);
    const answer = await askChannel(deps, prompts, {
      platform,
      apiRoot,
      given,
      home,
      mode: options.mode ?? null,
      beside: [],
    });
    if (answer === null) prompts.outro('Nothing has changed.');
    return answer;
  } catch (error) {
    if (!(error instanceof WizardCancelled)) throw error;
    prompts.outro('Given up; nothing has changed.');
    return null;
  }
}

function howToScript({ name }: ChannelPlatform, { secrets, settings }: ChannelMode): string {
  const variables = secrets
    .filter(({ generate }) => generate === undefined)
    .map(({ variable }) => variable)
    .join(' and ');
  const [first] = settings;
  const also = first?.usual({}) === null ? ` Either way with --set ${first.key}=… (${first.what}).` : '';
  return `tiro channels add ${name} asks questions and needs a terminal. Without one: set ${variables} and add --from-env, or hand the secrets over with --stdin, one a line.${also}`;
}
