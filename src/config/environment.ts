import type { Problem } from './problem.ts';
import type { ConfigFile, ModelSettings, PresetName, ProviderSettings } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process. Nothing else in the project reads it. */
export function readEnvironment(): Environment {
  return process.env;
}

/** A variable that is set to nothing counts as not set. */
export function variable(env: Environment, name: string): string | null {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? null : value;
}

/** Colour unless NO_COLOR asks for none (no-color.org) or the terminal is dumb. */
export function allowsColor(env: Environment): boolean {
  return variable(env, 'NO_COLOR') === null && env['TERM'] !== 'dumb';
}

/** TIRO_PORT, or null where it is not set. Port 0 asks the system for a free one. */
export function portFromEnvironment(env: Environment, problems: Problem[]): number | null {
  const given = variable(env, 'TIRO_PORT');
  if (given === null) return null;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  problems.push({ path: 'TIRO_PORT', message: 'must be a port, 0 to 65535', fix: 'Change it or unset it.' });
  return null;
}

/** TIRO_TOKEN, or null where it is not set. Set but empty is refused: an empty token would let everybody in. */
export function tokenFromEnvironment(env: Environment, problems: Problem[]): string | null {
  const given = env['TIRO_TOKEN'];
  if (given === undefined) return null;
  if (given !== '' && !/\s/.test(given)) return given;
  problems.push({
    path: 'TIRO_TOKEN',
    message: given === '' ? 'is empty' : 'must not contain spaces or line breaks',
    fix: 'Give it a long random value, or unset it: then the file `token` in the home folder is used.',
  });
  return null;
}

/**
 * The provider `openai` of OPENAI_API_KEY and OPENAI_BASE_URL. Null where neither is set.
 * They count only where config.yaml names no provider.
 */
function providerFromEnvironment(env: Environment): ProviderSettings | null {
  const apiKey = variable(env, 'OPENAI_API_KEY');
  const baseUrl = variable(env, 'OPENAI_BASE_URL');
  if (apiKey === null && baseUrl === null) return null;
  const isOpenai = baseUrl === null || URL.parse(baseUrl)?.hostname === 'api.openai.com';
  return {
    preset: isOpenai ? 'openai' : null,
    baseUrl: baseUrl ?? 'https://api.openai.com/v1',
    apiKey,
    concurrency: 8,
    models: {},
  };
}

export type PresetUrls = Readonly<Record<PresetName, { readonly baseUrl: string }>>;

/** The model section with what the environment says put over it, and with the addresses of presets filled in. */
export function modelWithEnvironment(
  file: ConfigFile['model'],
  env: Environment,
  presets: PresetUrls,
): ModelSettings {
  const written = Object.entries(file.providers).map(([name, provider]) => {
    const preset = provider.preset === null ? null : presets[provider.preset];
    return [name, { ...provider, baseUrl: provider.baseUrl ?? preset?.baseUrl ?? '' }] as const;
  });
  const fromEnvironment = written.length === 0 ? providerFromEnvironment(env) : null;
  const providers = fromEnvironment === null ? Object.fromEntries(written) : { openai: fromEnvironment };
  return { ...file, providers, default: variable(env, 'TIRO_MODEL') ?? file.default };
}
