import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { TiroError, messageOf } from '#core/errors.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import { createLogFile } from '#lib/log/log-file.ts';
import { createLog } from '#lib/log/log.ts';
import { createRedactor } from '#lib/log/redact.ts';
import { type HomePaths, homePaths } from './home/paths.ts';
import { ensureFolder } from './home/private-file.ts';
import { readOrCreateToken } from './home/token.ts';
import { type Config, type LoadInput, loadConfig } from './load.ts';
import { type Problem, describeProblem } from './problem.ts';
import { type Settings, createSettings } from './settings.ts';
import { secretsOf, showConfig } from './show.ts';

export interface GatewayHome {
  readonly paths: HomePaths;
  readonly settings: Settings;
  readonly config: () => Config;
  /** The owner's bearer token. */
  readonly token: string;
  /** Into logs/gateway.log, secrets masked. */
  readonly log: LogPort;
  readonly redact: (text: string) => string;
  /** The permission bits of the home folder. */
  mode(): Promise<number>;
  /** The configuration in force without secrets, and what is wrong with the file. */
  show(): Promise<{ readonly path: string; readonly yaml: string; readonly problems: readonly string[] }>;
  close(): Promise<void>;
}

/**
 * What a gateway needs of its home before anything else: configuration, folder, token, log.
 * Contract: rejects as `bad-config`, with a line for each problem that names the field and the mend; as `unavailable`
 * where the home cannot be written.
 */
export async function openGatewayHome(
  input: LoadInput,
  deps: {
    readonly clock: ClockPort;
    /** Shows one line to whoever started the gateway: warnings and errors, which the log file has in full. */
    readonly show: (line: string) => void;
  },
): Promise<GatewayHome> {
  const loaded = await loadConfig(input);
  if (!loaded.ok) throw new TiroError('bad-config', describeProblems(loaded.path, loaded.problems));
  const paths = homePaths({ env: input.env, home: loaded.config.home });
  await openFolder(paths.home);
  const token = loaded.config.token ?? (await readOrCreateToken(paths));
  // Secrets of a configuration that is edited later are recognised by their shape until the next start.
  const redact = createRedactor([...secretsOf(loaded.config), token]);
  const file = createLogFile(`${paths.logs}/gateway.log`, (error) =>
    deps.show(`The log cannot be written: ${error.message}`),
  );
  const log = createLog({ redact, write: (line) => file.write(line), show: deps.show });
  const onProblems = (problems: readonly Problem[]): void =>
    log.error('config.kept-last-good', { problems: problems.map(describeProblem) });
  const settings = createSettings({ clock: deps.clock, onProblems }, { input, loaded });
  settings.onChange((config) => {
    const changed = changedChannels(loaded.config, config);
    if (changed.length === 0) return;
    const why = `${changed.join(', ')} changed; channels are connected as they were at the start`;
    log.warn('config.restart-needed', { why });
  });
  return {
    paths,
    settings,
    config: () => settings.current(),
    token,
    log,
    redact,
    mode: async () => (await stat(paths.home)).mode,
    show: async () => ({
      path: loaded.config.path,
      yaml: await showConfig(settings.current()),
      problems: [...settings.problems(), ...settings.warnings()].map(describeProblem),
    }),
    close: () => file.close(),
  };
}

async function openFolder(path: string): Promise<void> {
  try {
    await ensureFolder(path);
    await access(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const words = `The home folder ${path} cannot be written (${messageOf(error)}). Give this user the right to, or choose another with --home or TIRO_HOME.`;
    throw new TiroError('unavailable', words, { cause: error });
  }
}

function describeProblems(path: string, problems: readonly Problem[]): string {
  return [`${path} cannot be used:`, ...problems.map((problem) => `  ${describeProblem(problem)}`)].join(
    '\n',
  );
}

/** The channels whose settings are not those of the start. */
function changedChannels(before: Config, after: Config): readonly string[] {
  const [old, fresh] = [new Map(Object.entries(before.channels)), new Map(Object.entries(after.channels))];
  const names = new Set([...old.keys(), ...fresh.keys()]);
  return [...names].filter((name) => JSON.stringify(old.get(name)) !== JSON.stringify(fresh.get(name)));
}
