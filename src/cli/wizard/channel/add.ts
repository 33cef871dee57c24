import type { Readable } from 'node:stream';
import { TiroError } from '#core/errors.ts';
import type { CommandContext } from '../../command.ts';
import { createPrompts, type Prompts, WizardCancelled } from '../prompts.ts';
import type { NamedSecret } from '../secret.ts';
import { askChannel, type ChannelAnswer, tryChannel } from './ask.ts';
import type { ChannelMode, ChannelPlatform } from './platform.ts';
import { channelEdits, channelSteps, channelVariables } from './write.ts';

export interface AddOptions {
  /** The secrets stand in the platform's usual variables, which config.yaml will name. */
  readonly fromEnv?: boolean;
  /** The secrets stand on standard input, one a line; they are kept in files. */
  readonly stdin?: boolean;
  readonly mode?: string;
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
  readonly next: readonly string[];
}

type AddContext = Pick<CommandContext, 'deps' | 'home' | 'json'>;

/**
 * secrets (asked for, from the environment or from standard input) → tried live → files → config.yaml
 *
 * Null: it was given up at a question, and nothing has changed. Contract: rejects as `bad-input` for what is missing or
 * refused by the platform, as `bad-config` where config.yaml cannot take it; nothing is written then.
 */
export async function addChannel(
  context: AddContext,
  platform: ChannelPlatform,
  options: AddOptions & { readonly prompts?: Prompts },
): Promise<Added | null> {
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
  return { channel: platform.name, path: edited.path, bot: answer.found?.bot ?? null, next };
}

async function answerFor(
  context: AddContext,
  platform: ChannelPlatform,
  options: AddOptions & { readonly prompts?: Prompts },
): Promise<ChannelAnswer | null> {
  const { deps, json } = context;
  if (options.fromEnv === true || options.stdin === true) return scripted(context, platform, options);
  const { input, output } = deps.terminal;
  if (options.prompts === undefined && (!input || !output || json)) {
    throw new TiroError('bad-input', howToScript(platform));
  }
  const prompts = options.prompts ?? (await createPrompts(deps));
  try {
    prompts.intro(`Tiro on ${platform.title}`);
    const answer = await askChannel(deps, prompts, { platform, apiRoot: options.apiRoot ?? null });
    if (answer === null) prompts.outro('Nothing has changed.');
    return answer;
  } catch (error) {
    if (!(error instanceof WizardCancelled)) throw error;
    prompts.outro('Given up; nothing has changed.');
    return null;
  }
}

/** Without questions. */
async function scripted(
  { deps }: AddContext,
  platform: ChannelPlatform,
  options: AddOptions,
): Promise<ChannelAnswer> {
  const mode = modeOf(platform, options.mode);
  const secrets =
    options.stdin === true ? await fromStdin(deps.stdin, mode) : fromEnvironment(deps.env, mode);
  const answer = { platform, mode: mode.mode, secrets, apiRoot: options.apiRoot ?? null };
  if (options.check === false) return { ...answer, found: null };
  const probed = await tryChannel(deps, answer);
  if (probed.ok) return { ...answer, found: probed.value };
  const why = `${probed.why} Nothing was written; --no-check writes it all the same.`;
  throw new TiroError('bad-input', why);
}

function modeOf({ modes, title }: ChannelPlatform, wanted: string | undefined): ChannelMode {
  const [first] = modes;
  const found = wanted === undefined ? first : modes.find(({ mode }) => mode === wanted);
  if (found !== undefined) return found;
  const known = modes.flatMap(({ mode }) => (mode === null ? [] : [mode]));
  const has = known.length === 0 ? 'has no modes' : `has the modes ${known.join(' and ')}`;
  throw new TiroError('bad-input', `--mode: ${title} ${has}.`);
}

function fromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  { secrets }: ChannelMode,
): Readonly<Record<string, NamedSecret>> {
  const missing = secrets.filter(({ variable }) => (env[variable] ?? '') === '');
  if (missing.length > 0) {
    const names = missing.map(({ variable }) => variable).join(' and ');
    throw new TiroError('bad-input', `--from-env: ${names} must be set.`);
  }
  const entries = secrets.map(({ key, variable }): [string, NamedSecret] => [
    key,
    { value: env[variable] ?? '', reference: { keep: 'environment', name: variable } },
  ]);
  return Object.fromEntries(entries);
}

async function fromStdin(
  stdin: Readable,
  { secrets }: ChannelMode,
): Promise<Readonly<Record<string, NamedSecret>>> {
  const lines = (await readAll(stdin)).split(/\r?\n/).map((line) => line.trim());
  const given = lines.filter((line) => line !== '');
  const bad = given.length !== secrets.length || given.some((line) => /\s/.test(line));
  if (bad) {
    const names = secrets.map(({ key }) => key).join(', then ');
    throw new TiroError('bad-input', `--stdin: give ${names}, one a line and nothing else.`);
  }
  const entries = secrets.map(({ key, fileName }, index): [string, NamedSecret] => [
    key,
    { value: given[index] ?? '', reference: { keep: 'file', name: fileName } },
  ]);
  return Object.fromEntries(entries);
}

const longestInput = 64 * 1024;

async function readAll(stdin: Readable): Promise<string> {
  let text = '';
  for await (const piece of stdin) {
    text += String(piece);
    if (text.length > longestInput) throw new TiroError('bad-input', '--stdin: that is too much.');
  }
  return text;
}

function howToScript({ name, modes }: ChannelPlatform): string {
  const [{ secrets }] = modes;
  const variables = secrets.map(({ variable }) => variable).join(' and ');
  return `tiro channels add ${name} asks questions and needs a terminal. Without one: set ${variables} and add --from-env, or hand the secrets over with --stdin, one a line.`;
}
