import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Environment, variable } from '../environment.ts';

/** The files of one home folder (DESIGN, "Files the owner sees"). All absolute. */
export interface HomePaths {
  readonly home: string;
  readonly config: string;
  readonly database: string;
  readonly lock: string;
  readonly token: string;
  /** Where the running gateway says how it is reached. */
  readonly gateway: string;
  /** Secrets that config.yaml names by `{file: …}`. */
  readonly secrets: string;
  readonly memory: string;
  readonly prompts: string;
  readonly skills: string;
  readonly conversations: string;
  readonly workspaces: string;
  readonly backups: string;
  readonly logs: string;
}

interface Where {
  readonly env: Environment;
  readonly home?: string | null;
}

/** The flag, else TIRO_HOME, else ~/.tiro; absolute. */
export function resolveHome(where: Where): string {
  const given = where.home ?? variable(where.env, 'TIRO_HOME');
  return given === null ? join(homedir(), '.tiro') : resolve(expandHome(given));
}

/** TIRO_CONFIG, else config.yaml of the home folder; absolute. */
export function resolveConfigPath(home: string, env: Environment): string {
  const given = variable(env, 'TIRO_CONFIG');
  return given === null ? join(home, 'config.yaml') : resolve(expandHome(given));
}

export function homePaths(where: Where): HomePaths {
  const home = resolveHome(where);
  return {
    home,
    config: resolveConfigPath(home, where.env),
    database: join(home, 'tiro.db'),
    lock: join(home, 'gateway.lock.db'),
    token: join(home, 'token'),
    gateway: join(home, 'gateway.json'),
    secrets: join(home, 'secrets'),
    memory: join(home, 'memory'),
    prompts: join(home, 'prompts'),
    skills: join(home, 'skills'),
    conversations: join(home, 'conversations'),
    workspaces: join(home, 'workspaces'),
    backups: join(home, 'backups'),
    logs: join(home, 'logs'),
  };
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}
