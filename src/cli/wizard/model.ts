import type { CliDeps, PresetChoice } from '../deps.ts';
import { type Endpoint, isRunning, probeChat, probeModels } from './probe.ts';
import type { Prompts } from './prompts.ts';
import { askSecret, type NamedSecret } from './secret.ts';

export interface ModelAnswer {
  /** How config.yaml calls the provider. */
  readonly provider: string;
  readonly preset: string | null;
  readonly baseUrl: string;
  readonly secret: NamedSecret | null;
  readonly model: string;
}

type ModelDeps = Pick<CliDeps, 'fetch' | 'clock' | 'env' | 'presets'>;

/** Asks for a model and tries it. Null: the demo is good enough. */
export async function askModel(deps: ModelDeps, prompts: Prompts): Promise<ModelAnswer | null> {
  for (;;) {
    const source = await askSource(deps, prompts);
    if (source === null) return null;
    const answer = await askEndpoint(deps, prompts, source);
    if (answer !== null) return answer;
  }
}

interface Source {
  readonly provider: string;
  readonly preset: PresetChoice | null;
  readonly baseUrl: string;
}

async function askSource(deps: ModelDeps, prompts: Prompts): Promise<Source | null> {
  const running = await prompts.busy('Looking for a model server on this machine…', findRunning(deps));
  const chosen = await prompts.select(
    'Which model shall answer?',
    sourceChoices(deps, running),
    running[0] ?? 'demo',
  );
  if (chosen === 'demo') return null;
  const preset = deps.presets.find(({ name }) => name === chosen);
  if (preset !== undefined && (!preset.local || running.includes(preset.name))) {
    return { provider: preset.name, preset, baseUrl: preset.baseUrl };
  }
  const baseUrl = await prompts.text('Its base URL, with the version path', {
    ...(preset === undefined ? { placeholder: 'https://host/v1' } : { initial: preset.baseUrl }),
    check: checkUrl,
  });
  return { provider: preset?.name ?? providerNameFor(baseUrl), preset: preset ?? null, baseUrl };
}

/** The presets on this machine that answer now. */
async function findRunning(deps: ModelDeps): Promise<readonly string[]> {
  const candidates = deps.presets.filter(({ local, distinctPort }) => local && distinctPort);
  const answers = await Promise.all(candidates.map(({ baseUrl }) => isRunning(deps, baseUrl)));
  return candidates.filter((_, index) => answers[index] === true).map(({ name }) => name);
}

/** What answers here comes first, then what has a key in the environment, then the rest in its order; demo last. */
export function sourceChoices(
  deps: Pick<ModelDeps, 'presets' | 'env'>,
  running: readonly string[],
): readonly { readonly value: string; readonly label: string; readonly hint?: string }[] {
  const rankOf = ({ name, keyEnv }: PresetChoice): number => {
    if (running.includes(name)) return 0;
    return keyEnv !== null && (deps.env[keyEnv] ?? '') !== '' ? 1 : 2;
  };
  const hintOf = (preset: PresetChoice): string | null => {
    if (rankOf(preset) === 0) return 'it is running';
    return rankOf(preset) === 1 ? `there is a key in ${preset.keyEnv ?? ''}` : null;
  };
  const known = [...deps.presets].sort((a, b) => rankOf(a) - rankOf(b));
  return [
    ...known.map((preset) => {
      const hint = hintOf(preset);
      return { value: preset.name, label: preset.title, ...(hint === null ? {} : { hint }) };
    }),
    { value: 'other', label: 'Any other OpenAI-compatible server' },
    { value: 'demo', label: 'None yet: try the demo', hint: 'no AI, no key, works offline' },
  ];
}

/** Key and model of a server, each tried live. Null: choose another server. */
async function askEndpoint(deps: ModelDeps, prompts: Prompts, source: Source): Promise<ModelAnswer | null> {
  for (;;) {
    const secret = await askKey(deps, prompts, source);
    const endpoint = { baseUrl: source.baseUrl, apiKey: secret?.value ?? null };
    const listed = await prompts.busy(
      `Asking ${source.baseUrl} for its models…`,
      probeModels(deps, endpoint),
    );
    if (listed.ok) prompts.good(`It answers, with ${listed.value.length} models.`);
    else prompts.bad(listed.why);
    const next = listed.ok ? 'go' : await askAfterFailure(prompts, 'Go on all the same');
    if (next === 'elsewhere') return null;
    if (next === 'again') continue;
    const model = await askModelName(prompts, source, listed.ok ? listed.value : []);
    const tried = await tryModel(deps, prompts, { endpoint, model });
    if (tried === 'elsewhere') return null;
    if (tried === 'again') continue;
    const { provider, preset, baseUrl } = source;
    return { provider, preset: preset?.name ?? null, baseUrl, secret, model };
  }
}

async function askKey(
  deps: ModelDeps,
  prompts: Prompts,
  { provider, preset }: Source,
): Promise<NamedSecret | null> {
  const needsKey =
    preset === null ? await prompts.confirm('Does it need a key?', false) : preset.keyEnv !== null;
  if (!needsKey) return null;
  return askSecret(prompts, {
    what: `The key for ${preset?.title ?? provider}`,
    variable: preset?.keyEnv ?? null,
    fileName: `${provider}-key`,
    env: deps.env,
  });
}

type Next = 'go' | 'again' | 'elsewhere';

function askAfterFailure(prompts: Prompts, goOn: string): Promise<Next> {
  const choices = [
    { value: 'again', label: 'Try again' },
    { value: 'elsewhere', label: 'Choose another server' },
    { value: 'go', label: goOn },
  ] as const;
  return prompts.select<Next>('What now?', choices, 'again');
}

async function askModelName(prompts: Prompts, source: Source, listed: readonly string[]): Promise<string> {
  const suggested = source.preset?.defaultModel ?? null;
  const first =
    suggested !== null && (listed.length === 0 || listed.includes(suggested)) ? suggested : listed[0];
  if (listed.length > 0 && listed.length <= 30) {
    const choices = listed.map((name) => ({ value: name, label: name }));
    return prompts.select('Which of its models?', choices, first ?? '');
  }
  return prompts.text('Which of its models? Its name, exactly', {
    ...(first === undefined ? {} : { initial: first }),
    check: (text) => checkModelName(text.trim(), listed),
  });
}

function checkModelName(name: string, listed: readonly string[]): string | null {
  if (name === '') return 'It is empty.';
  if (listed.length === 0 || listed.includes(name)) return null;
  const near = listed.filter((other) => other.includes(name)).slice(0, 5);
  return near.length === 0 ? 'The server has no such model.' : `The server has: ${near.join(', ')}.`;
}

async function tryModel(
  deps: ModelDeps,
  prompts: Prompts,
  { endpoint, model }: { readonly endpoint: Endpoint; readonly model: string },
): Promise<Next> {
  const tried = await prompts.busy(`Asking ${model} one short question…`, probeChat(deps, endpoint, model));
  if (tried.ok) {
    prompts.good(`${model} answers.`);
    return 'go';
  }
  prompts.bad(tried.why);
  return askAfterFailure(prompts, 'Keep it all the same');
}

function checkUrl(text: string): string | null {
  const url = URL.parse(text.trim());
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return null;
  return 'It must begin with http:// or https://, such as http://127.0.0.1:8000/v1';
}

/** A name for config.yaml from the host: `api.example.org` is `example`. */
export function providerNameFor(baseUrl: string): string {
  const host = URL.parse(baseUrl)?.hostname ?? '';
  if (!/[a-z]/i.test(host) || host.includes(':')) return 'main'; // a bare address says nothing
  const parts = host.split('.').filter((part) => !['api', 'www'].includes(part));
  const name = (parts.length > 1 ? parts.at(-2) : parts[0]) ?? '';
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 32);
  return /^[A-Za-z0-9]/.test(plain) ? plain : 'main';
}
