import type { AdapterPort, Finding } from '#core/ports/adapter.ts';
import type { ModelHooks, ModelPort } from '#core/ports/model.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { Check } from '../deps.ts';

export interface CheckDeps {
  readonly home: string;
  /** The permission bits of the home folder. */
  readonly homeMode: () => Promise<number>;
  readonly token: string;
  readonly demo: () => boolean;
  /** What is wrong with config.yaml now. */
  readonly problems: () => readonly Doubt[];
  /** What is ignored or doubtful in it. */
  readonly warnings: () => readonly Doubt[];
  readonly model: ModelPort;
  readonly adapters: readonly AdapterPort[];
  readonly clock: ClockPort;
}

interface Doubt {
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

const shortestToken = 16;
/** Just under the time that doctor gives each check. */
const modelMs = 9_000;

/** What doctor looks at: the machine, the home, the configuration, the model and each channel. */
export function createChecks(deps: CheckDeps): readonly Check[] {
  return [
    { area: 'node', online: false, run: async () => [checkNode(process.versions.node)] },
    { area: 'home', online: false, run: () => checkHome(deps) },
    { area: 'config', online: false, run: async () => checkConfig(deps) },
    { area: 'model', online: true, run: () => checkModel(deps) },
    ...deps.adapters
      .filter((adapter) => adapter.abilities.delivery === 'push')
      .map((adapter): Check => ({ area: adapter.name, online: true, run: () => adapter.check() })),
  ];
}

function checkNode(version: string): Finding {
  const major = Number(version.split('.')[0]);
  if (major >= 24) return { level: 'ok', what: `Node ${version}`, fix: null };
  return {
    level: 'fail',
    what: `Node ${version} is too old`,
    fix: 'Run `npm install`: it brings Node 24 for this project.',
  };
}

async function checkHome({ home, homeMode, token }: CheckDeps): Promise<readonly Finding[]> {
  const open = ((await homeMode()) & 0o077) !== 0;
  return [
    open
      ? {
          level: 'warn',
          what: `${home} can be read by other users of this machine`,
          fix: `chmod 700 ${home}`,
        }
      : { level: 'ok', what: `${home} is private`, fix: null },
    token.length < shortestToken
      ? {
          level: 'warn',
          what: 'the token is short',
          fix: 'Unset TIRO_TOKEN, or give it 32 random characters.',
        }
      : { level: 'ok', what: 'the token is long enough', fix: null },
  ];
}

function checkConfig({ problems, warnings }: CheckDeps): readonly Finding[] {
  const said = (level: Finding['level'], doubts: readonly Doubt[]): readonly Finding[] =>
    doubts.map(({ path, message, fix }) => ({ level, what: `${path} ${message}`.trim(), fix }));
  const failed = said('fail', problems());
  const inForce: Finding = { level: 'ok', what: 'config.yaml is in force', fix: null };
  return [...(failed.length === 0 ? [inForce] : failed), ...said('warn', warnings())];
}

async function checkModel(deps: CheckDeps): Promise<readonly Finding[]> {
  if (deps.demo()) {
    return [{ level: 'warn', what: 'no model is configured: the demo answers', fix: 'Run `tiro init`.' }];
  }
  const [name = 'default'] = deps.model.names();
  const request = {
    model: null,
    messages: [{ role: 'user', content: 'Say ok.' }],
    tools: [],
    maxOutputTokens: 16,
    person: 'doctor',
    lane: 'interactive',
    deadlineAt: deps.clock.now(),
  } as const;
  const late = new AbortController();
  const cancel = deps.clock.after(modelMs, () => late.abort());
  const result = await deps.model.call(request, silentHooks, late.signal).finally(cancel);
  if (result.ok) return [{ level: 'ok', what: `${result.reply.model} answers`, fix: null }];
  return [{ level: 'fail', what: `${name}: ${result.error.reason}`, fix: fixByError[result.error.type] }];
}

const fixByError = {
  'rate-limited': 'Wait, or configure a fallback under model.fallback.',
  transient: 'Check that the server runs and that baseUrl is right.',
  'context-too-long': 'Configure a model with a larger window.',
  auth: 'Check the key and the account at the provider.',
  refused: 'Try another model.',
  'bad-request': 'Check the model’s name and the baseUrl.',
  cancelled: 'It did not answer within 9 s: check the network and the server.',
} as const;

const silentHooks: ModelHooks = {
  beforeCall: () => Promise.resolve(),
  onDelta: () => undefined,
  onRestart: () => undefined,
  onWaiting: () => undefined,
};
