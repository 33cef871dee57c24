import type { Readable } from 'node:stream';
import { TiroError } from '#core/errors.ts';
import type { CliHome } from '../../deps.ts';
import type { NamedSecret } from '../secret.ts';
import type { AddOptions } from './add.ts';
import { type AskDeps, type ChannelAnswer, configuredIn, tryChannel } from './ask.ts';
import type { ChannelMode, ChannelPlatform, ChannelSecret, ChannelSetting, Settings } from './platform.ts';
import { isKept, namesOf, secretsFor } from './secrets.ts';

export interface ScriptedContext {
  readonly deps: AskDeps & { readonly stdin: Readable };
  readonly home: Pick<CliHome, 'isSet'>;
}

/** The answers without questions: from options, the environment or standard input. Rejects as `bad-input` for what is missing. */
export async function scripted(
  { deps, home }: ScriptedContext,
  platform: ChannelPlatform,
  options: AddOptions,
): Promise<ChannelAnswer> {
  const mode = modeOf(platform, options.mode);
  const settings = completeSettings(mode, givenSettings(mode, options.set), await configuredIn(home));
  const asked = secretsFor(mode, settings);
  const lines = options.stdin === true ? await readLines(deps.stdin, asked) : [];
  const secrets: Record<string, NamedSecret> = {};
  const made: string[] = [];
  const missing: string[] = [];
  for (const [index, secret] of asked.entries()) {
    const { variable, fileName } = namesOf(platform, secret, settings);
    const found = options.stdin === true ? lines[index] : deps.env[variable];
    const { key, generate } = secret;
    if (found !== undefined && found !== '') {
      const keep = options.stdin === true ? 'file' : 'environment';
      const reference = { keep, name: keep === 'file' ? fileName : variable } as const;
      secrets[key] = { value: found, reference };
    } else if (generate === undefined) missing.push(variable);
    else if (!(await isKept({ home, platform, settings }, key))) {
      const value = generate(deps.randomToken(), settings);
      secrets[key] = { value, reference: { keep: 'file', name: fileName } };
      made.push(key);
    }
  }
  if (missing.length > 0) {
    throw new TiroError('bad-input', `--from-env: ${missing.join(' and ')} must be set.`);
  }
  const answer = { platform, mode, settings, secrets, made, apiRoot: options.apiRoot ?? null };
  return options.check === false ? { ...answer, found: null } : tried(deps, answer);
}

async function tried(deps: AskDeps, answer: Omit<ChannelAnswer, 'found'>): Promise<ChannelAnswer> {
  const probed = await tryChannel(deps, answer);
  if (probed.ok) return { ...answer, found: probed.value };
  const why = `${probed.why} Nothing was written; --no-check writes it all the same.`;
  throw new TiroError('bad-input', why);
}

export function modeOf({ modes, title }: ChannelPlatform, wanted: string | undefined): ChannelMode {
  const [first] = modes;
  const found = wanted === undefined ? first : modes.find(({ mode }) => mode === wanted);
  if (found !== undefined) return found;
  const known = modes.flatMap(({ mode }) => (mode === null ? [] : [mode]));
  const has = known.length === 0 ? 'has no modes' : `has the modes ${known.join(' and ')}`;
  throw new TiroError('bad-input', `--mode: ${title} ${has}.`);
}

/** `--set KEY=VALUE`, each checked. */
export function givenSettings({ settings }: ChannelMode, set: readonly string[] = []): Settings {
  const entries = set.map((text): [string, string] => {
    const [, key = '', value = ''] = /^([^=]*)=([\s\S]*)$/.exec(text) ?? [];
    const setting = settings.find((one) => one.key === key);
    if (setting === undefined) {
      const known = settings.map((one) => one.key).join(', ');
      const what =
        known === '' ? 'there is nothing to set here' : `write KEY=VALUE, where KEY is one of ${known}`;
      throw new TiroError('bad-input', `--set: ${what}.`);
    }
    return [key, checked(setting, value)];
  });
  return Object.fromEntries(entries);
}

function completeSettings({ settings }: ChannelMode, given: Settings, channels: readonly string[]): Settings {
  const missing: string[] = [];
  const known: Record<string, string> = { ...given };
  for (const setting of settings) {
    const value = known[setting.key] ?? setting.usual(known);
    if (value === null) missing.push(`--set ${setting.key}=… (${setting.what})`);
    else known[setting.key] = checked(setting, value, channels);
  }
  if (missing.length === 0) return known;
  throw new TiroError('bad-input', `it is not known yet: ${missing.join(', ')}.`);
}

function checked(
  { key, check }: ChannelSetting,
  value: string,
  channels: readonly string[] | null = null,
): string {
  const wrong = check(value, channels);
  if (wrong === null) return value.trim();
  throw new TiroError('bad-input', `--set ${key}: ${wrong}`);
}

const longestInput = 64 * 1024;

/** One secret a line, in the order in which they are asked for. Those that can be made here may be left out at the end. */
async function readLines(stdin: Readable, asked: readonly ChannelSecret[]): Promise<readonly string[]> {
  const lines = (await readAll(stdin)).split(/\r?\n/).map((line) => line.trim());
  const given = lines.filter((line) => line !== '');
  const least = asked.filter(({ generate }) => generate === undefined).length;
  const isBad = given.some((line, index) => /\s/.test(line) && asked[index]?.spaces !== true);
  if (given.length >= least && given.length <= asked.length && !isBad) return given;
  const names = asked.map(({ key }) => key).join(', then ');
  throw new TiroError('bad-input', `--stdin: give ${names}, one a line and nothing else.`);
}

async function readAll(stdin: Readable): Promise<string> {
  let text = '';
  for await (const piece of stdin) {
    text += String(piece);
    if (text.length > longestInput) throw new TiroError('bad-input', '--stdin: that is too much.');
  }
  return text;
}
