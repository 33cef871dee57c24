import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '#core/errors.ts';
import { type FurtherChannels, takeFurther } from './document/further.ts';
import { issuesToProblems } from './document/problems.ts';
import { resolveReferences } from './document/references.ts';
import { parseYaml } from './document/yaml.ts';
import {
  type Environment,
  type PresetUrls,
  modelWithEnvironment,
  portFromEnvironment,
  tokenFromEnvironment,
  variable,
} from './environment.ts';
import { resolveConfigPath, resolveHome } from './home/paths.ts';
import type { Problem } from './problem.ts';
import { checkFile, checkModel } from './document/rules.ts';
import {
  type ConfigFile,
  configSchema,
  laterKeys,
  type ModelSettings,
  type ChannelSettings,
} from './schema.ts';

/**
 * Everything the composition needs to know, from flag, environment, file and default, in that order.
 * Environment and flags are those of the start; a reload reads the file again.
 */
export interface Config extends Omit<ConfigFile, 'channels' | 'model'> {
  /** Absolute. */
  readonly home: string;
  readonly path: string;
  readonly host: string;
  /** 0 asks the system for a free one. */
  readonly port: number;
  /** TIRO_TOKEN; null: the file `token` of the home folder. */
  readonly token: string | null;
  /** No provider is configured: the demo answers. */
  readonly demo: boolean;
  readonly model: ModelSettings;
  readonly channels: ChannelSettings;
}

export interface LoadInput {
  readonly env: Environment;
  /** The addresses of known servers (src/model), for a provider that names only its preset. */
  readonly presets: PresetUrls;
  /** `--home`; null or absent: TIRO_HOME, else ~/.tiro. */
  readonly home?: string | null;
  readonly flags?: { readonly host?: string | null; readonly port?: number | null };
  /** Channels that the caller brings adapters for beyond those of the schema; any other unknown one is a problem. */
  readonly furtherChannels?: readonly string[];
}

export type LoadResult =
  | {
      readonly ok: true;
      readonly config: Config;
      /** What is ignored or doubtful; the gateway starts all the same. */
      readonly warnings: readonly Problem[];
      /** What the file said; null where there is none. */
      readonly text: string | null;
    }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      readonly path: string;
      readonly text: string | null;
    };

const longestFile = 1024 * 1024;

/** Reads and checks the configuration. Contract: never rejects for what a person wrote; a missing file is an empty one. */
export async function loadConfig(input: LoadInput): Promise<LoadResult> {
  const home = resolveHome(input);
  const path = resolveConfigPath(home, input.env);
  const read = readConfigFile(path, variable(input.env, 'TIRO_CONFIG') !== null);
  if (!read.ok) return { ok: false, problems: [read.problem], path, text: null };
  return parseConfig(read.text, input);
}

/** The same for a text that is not in the file yet; null is no file. */
export async function parseConfig(text: string | null, input: LoadInput): Promise<LoadResult> {
  const home = resolveHome(input);
  const path = resolveConfigPath(home, input.env);
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const port = input.flags?.port ?? portFromEnvironment(input.env, problems) ?? 4180;
  const token = tokenFromEnvironment(input.env, problems);
  const names = input.furtherChannels ?? [];
  const parsed = await parseFile(text, { path, env: input.env, problems, warnings, names });
  if (parsed === null) return { ok: false, problems, path, text };
  const { file, further } = parsed;
  checkFile(file, { problems, warnings, furtherChannels: names });
  const model = modelWithEnvironment(file.model, input.env, input.presets);
  checkModel(model, { fromFile: file.model.default !== null, problems, warnings });
  if (problems.length > 0) return { ok: false, problems, path, text };
  const config: Config = {
    ...file,
    home,
    path,
    host: input.flags?.host ?? '127.0.0.1',
    port,
    token,
    demo: Object.keys(model.providers).length === 0,
    model,
    channels: {
      telegram: file.channels.telegram ?? null,
      discord: file.channels.discord ?? null,
      slack: file.channels.slack ?? null,
      whatsapp: file.channels.whatsapp ?? null,
      email: file.channels.email ?? null,
      webhook: file.channels.webhook ?? null,
      // A test may hand over a platform under the name of one of these.
      ...further,
    },
  };
  return { ok: true, config, warnings, text };
}

interface Sink {
  readonly path: string;
  readonly env: Environment;
  readonly problems: Problem[];
  readonly warnings: Problem[];
  /** Of further channels. */
  readonly names: readonly string[];
}

interface ParsedFile {
  readonly file: ConfigFile;
  readonly further: FurtherChannels;
}

/** Text → plain tree → references → schema. Null where a problem was found. */
async function parseFile(text: string | null, sink: Sink): Promise<ParsedFile | null> {
  const parsed = await parseYaml(text ?? '');
  if (!parsed.ok) {
    sink.problems.push(...parsed.problems);
    return null;
  }
  const tree = withoutLaterKeys(parsed.value ?? {}, sink.warnings);
  const resolved = resolveReferences(tree, {
    env: sink.env,
    folder: dirname(sink.path),
    readText: (path) => readFileSync(path, 'utf8'),
  });
  const { tree: known, further } = takeFurther(resolved.value, sink.names);
  const checked = configSchema.safeParse(known);
  const unresolved = new Set(resolved.problems.map((problem) => problem.path));
  sink.problems.push(...resolved.problems);
  if (checked.success) return { file: checked.data, further };
  const context = { schema: configSchema, value: known, origins: resolved.origins };
  // A reference that leads nowhere has been reported already; that its value is empty is no news.
  const fresh = issuesToProblems(checked.error.issues, context).filter(({ path }) => !unresolved.has(path));
  sink.problems.push(...fresh);
  return null;
}

/** Takes out the keys that only a later version has, so that a file for it starts this one too. */
function withoutLaterKeys(tree: unknown, warnings: Problem[], path: readonly string[] = []): unknown {
  if (tree === null || typeof tree !== 'object' || Array.isArray(tree) || path.length > 1) return tree;
  const kept = Object.entries(tree).flatMap(([key, value]: [string, unknown]) => {
    const name = [...path, key].join('.');
    if (!laterKeys.has(name)) return [[key, withoutLaterKeys(value, warnings, [...path, key])]];
    warnings.push({
      path: name,
      message: 'is not available in this version and is ignored',
      fix: 'Leave it for a later version, or remove it.',
    });
    return [];
  });
  return Object.fromEntries(kept);
}

type Read =
  | { readonly ok: true; readonly text: string | null }
  | { readonly ok: false; readonly problem: Problem };

function readConfigFile(path: string, isNamed: boolean): Read {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length <= longestFile) return { ok: true, text };
    return { ok: false, problem: { path: '', message: 'is over 1 MB', fix: `Is ${path} the right file?` } };
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing && !isNamed) return { ok: true, text: null };
    const message = `cannot be read: ${messageOf(error)}`;
    const fix = isNamed ? 'TIRO_CONFIG names it: create it, or unset TIRO_CONFIG.' : `Make ${path} readable.`;
    return { ok: false, problem: { path: '', message, fix } };
  }
}
