import { editConfig, type ConfigEdit, writeSecret } from './document/edit.ts';
import { type Environment, type PresetUrls, tokenFromEnvironment } from './environment.ts';
import { type GatewayAddress, readGatewayAddress } from './home/gateway-address.ts';
import { homePaths } from './home/paths.ts';
import { readOrCreateToken } from './home/token.ts';
import { loadConfig } from './load.ts';
import type { Problem } from './problem.ts';
import { showConfig } from './show.ts';

export interface OpenHomeInput {
  readonly env: Environment;
  readonly presets: PresetUrls;
  /** `--home`; null: TIRO_HOME, else ~/.tiro. */
  readonly home: string | null;
}

export type HomeCheck =
  | {
      readonly ok: true;
      readonly demo: boolean;
      /** There is no file, or nothing in it, and the environment names no model: time for the wizard. */
      readonly isBlank: boolean;
      /** The configuration in force, without secrets, as YAML. */
      readonly yaml: string;
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What a terminal command may do with a home: the shape that src/cli asks for. Nothing is read before it is asked. */
export interface Home {
  readonly path: string;
  readonly configPath: string;
  /** TIRO_TOKEN, else the file `token`, made when it is missing. */
  token(): Promise<string>;
  /** Where the running gateway is reached; null where none runs. */
  gateway(): Promise<GatewayAddress | null>;
  check(): Promise<HomeCheck>;
  /** Whether the configuration has a value there, be it a default; false where it is not good. */
  isSet(path: readonly string[]): Promise<boolean>;
  /** `assumed`: variables that count as set while the result is checked. */
  edit(
    edits: readonly ConfigEdit[],
    assumed: Readonly<Record<string, string>>,
  ): ReturnType<typeof editConfig>;
  writeSecret(name: string, secret: string): Promise<{ readonly file: string }>;
}

export function openHome(input: OpenHomeInput): Home {
  const paths = homePaths(input);
  return {
    path: paths.home,
    configPath: paths.config,
    token: async () => tokenFromEnvironment(input.env, []) ?? (await readOrCreateToken(paths)),
    gateway: () => readGatewayAddress(paths),
    check: async () => {
      const loaded = await loadConfig(input);
      if (!loaded.ok) return { ok: false, problems: loaded.problems };
      const { config, warnings, text } = loaded;
      const isBlank = config.demo && (text ?? '').trim() === '';
      return { ok: true, demo: config.demo, isBlank, yaml: await showConfig(config), warnings };
    },
    isSet: async (path) => {
      const loaded = await loadConfig(input);
      return loaded.ok && (valueAt(loaded.config, path) ?? null) !== null;
    },
    edit: (edits, assumed) => editConfig(edits, { ...input, env: { ...input.env, ...assumed } }),
    writeSecret: (name, secret) => writeSecret(paths, name, secret),
  };
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    return inner !== null && typeof inner === 'object'
      ? Object.entries(inner).find(([one]) => one === key)?.[1]
      : undefined;
  }, tree);
}
