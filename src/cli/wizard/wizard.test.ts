import { expect, test } from 'vitest';
import type { PresetChoice } from '../deps.ts';
import { createFake, type FakeOptions } from '../testing/fake-deps.ts';
import { type Route, failure, network, person } from '../testing/person.ts';
import { providerNameFor, sourceChoices } from './model.ts';
import { modelEdits, nextSteps } from './plan.ts';
import { probeChat, probeModels } from './probe.ts';
import { telegram } from './channel/telegram.ts';
import { runWizard } from './wizard.ts';

const preset = (name: string, more: Partial<PresetChoice> = {}): PresetChoice => ({
  name,
  title: name.toUpperCase(),
  baseUrl: `https://${name}.example/v1`,
  keyEnv: `${name.toUpperCase()}_API_KEY`,
  defaultModel: null,
  local: false,
  distinctPort: false,
  ...more,
});
const presets = [
  preset('openai', { defaultModel: 'gpt-b' }),
  preset('openrouter'),
  preset('ollama', { keyEnv: null, local: true, distinctPort: true, baseUrl: 'http://127.0.0.1:11434/v1' }),
];

const models = (...ids: string[]): Route => [200, { data: ids.map((id) => ({ id })) }];
const answers: Route = [200, { choices: [{}] }];

async function wizard(
  script: readonly (string | boolean)[],
  routes: Parameters<typeof network>[0],
  more: FakeOptions & { skippable?: boolean } = {},
) {
  const net = network(routes);
  const fake = createFake({ ...more, deps: { presets, fetch: net.fetch, ...more.deps } });
  const prompts = person(script);
  const context = { deps: fake.deps, home: fake.deps.openHome(null) };
  const outcome = await runWizard(context, { skippable: more.skippable === true, prompts });
  expect(prompts.left).toEqual([]);
  return { ...fake, outcome, told: prompts.told.join('\n'), seen: net.seen };
}

test('a hosted model: key typed, tried live, kept in a file; config.yaml names the file', async () => {
  const { outcome, edits, secrets, told, seen } = await wizard(
    ['openai', 'sk-typed', 'file', 'gpt-b', 'none'],
    {
      'https://openai.example/v1/models': models('gpt-b', 'gpt-a'),
      'https://openai.example/v1/chat/completions': answers,
    },
  );
  expect(outcome).toBe('written');
  expect(edits).toEqual([
    { path: ['model', 'default'], value: 'openai/gpt-b' },
    {
      path: ['model', 'providers', 'openai'],
      value: {
        preset: 'openai',
        baseUrl: 'https://openai.example/v1',
        apiKey: { file: 'secrets/openai-key' },
      },
    },
  ]);
  expect([...secrets]).toEqual([['openai-key', 'sk-typed']]);
  expect(seen.slice(1)).toEqual([
    'https://openai.example/v1/models Bearer sk-typed',
    'https://openai.example/v1/chat/completions Bearer sk-typed',
  ]);
  expect(told).toContain('1. Start the gateway: tiro start');
});

test('a key that is in the environment is offered and named as a variable', async () => {
  const { edits, secrets } = await wizard(
    ['openai', '', '', 'none'],
    {
      'https://openai.example/v1/models': models('gpt-a', 'gpt-b'),
      'https://openai.example/v1/chat/completions': answers,
    },
    { deps: { env: { OPENAI_API_KEY: 'sk-env' } } },
  );
  expect(edits[1]?.value).toMatchObject({ apiKey: '${OPENAI_API_KEY}' });
  expect(edits[0]?.value).toBe('openai/gpt-b');
  expect(secrets.size).toBe(0);
});

test('an Ollama that is running is found and comes first; it needs no key', async () => {
  const { edits } = await wizard(['', 'tiny', 'none'], {
    'http://127.0.0.1:11434/v1/models': models('tiny', 'big'),
    'http://127.0.0.1:11434/v1/chat/completions': answers,
  });
  expect(edits[1]?.value).toEqual({ preset: 'ollama', baseUrl: 'http://127.0.0.1:11434/v1' });
});

test('a refused key is said plainly and asked for again', async () => {
  let tries = 0;
  const { outcome, told } = await wizard(['openai', 'sk-1', 'file', 'again', 'sk-2', 'file', '', 'none'], {
    'https://openai.example/v1/models': () => {
      tries += 1;
      return tries === 1 ? [401, { error: { message: 'bad key sk-1' } }] : models('gpt-b');
    },
    'https://openai.example/v1/chat/completions': answers,
  });
  expect(outcome).toBe('written');
  expect(told).toContain('- openai.example answered 401: it does not take this key.');
  expect(told).not.toContain('sk-1');
});

test('any other server: its URL, a model that does not answer, kept all the same', async () => {
  const { edits, told } = await wizard(['other', 'http://box.lan:8000/v1', false, 'm', 'go', 'none'], {
    'http://box.lan:8000/v1/models': models('m'),
    'http://box.lan:8000/v1/chat/completions': [500, { error: { message: 'out of memory' } }],
  });
  expect(told).toContain('- box.lan:8000 answered 500: out of memory');
  expect(edits).toEqual([
    { path: ['model', 'default'], value: 'box/m' },
    { path: ['model', 'providers', 'box'], value: { baseUrl: 'http://box.lan:8000/v1' } },
  ]);
});

test('Telegram: the token is asked live, tried again, and the pairing explained', async () => {
  const { edits, told, secrets } = await wizard(
    ['demo', 'telegram', '7:wrong', 'file', 'again', '7:right', 'file', 'none'],
    {
      'https://api.telegram.org/bot7:wrong/getMe': [401, { ok: false }],
      'https://api.telegram.org/bot7:right/getMe': [200, { ok: true, result: { username: 'ann_bot' } }],
    },
  );
  expect(told).toContain('@BotFather');
  expect(told).toContain('- Telegram does not know this token.');
  expect(told).toContain('It is @ann_bot.');
  expect(told).toContain('tiro people pair, then send the code to @ann_bot');
  expect(edits).toEqual([
    { path: ['channels', 'telegram', 'token'], value: { file: 'secrets/telegram-token' } },
  ]);
  expect([...secrets]).toEqual([['telegram-token', '7:right']]);
});

test('WhatsApp by a linked device and a webhook: how to link, and the secret that was made, stand among the next steps', async () => {
  const script = [
    'demo',
    'whatsapp',
    'web',
    'webhook',
    'ci',
    'github',
    '',
    'whatsapp:4917012345',
    'make',
    'none',
  ];
  const { outcome, edits, secrets, told } = await wizard(script, {});
  expect(outcome).toBe('written');
  expect(edits[0]).toEqual({ path: ['channels', 'whatsapp', 'mode'], value: 'web' });
  const made = secrets.get('webhook-ci-secret') ?? 'none';
  expect(told).toContain(`Note down the secret of Webhooks, it is not shown again: ${made}`);
  expect(told).toContain('tiro channels link whatsapp');
});

test('Ctrl-C anywhere changes nothing', async () => {
  const { outcome, edits, secrets } = await wizard(['openai', 'sk-1', 'file', 'cancel'], {
    'https://openai.example/v1/models': models('gpt-b'),
  });
  expect([outcome, edits, secrets.size]).toEqual(['cancelled', [], 0]);
});

test('before a first start, Enter alone is the demo', async () => {
  const { outcome, edits } = await wizard([''], {}, { skippable: true });
  expect([outcome, edits]).toEqual(['skipped', []]);
});

test('what could not be written is said, with the keys', async () => {
  const problems = [{ path: 'budget.perTurnUsd', message: 'must be a number', fix: 'Change it.' }];
  const home = { edit: () => Promise.resolve({ ok: false as const, problems }) };
  const script = ['', 'tiny', 'none'];
  const routes = {
    'http://127.0.0.1:11434/v1/models': models('tiny'),
    'http://127.0.0.1:11434/v1/chat/completions': answers,
  };
  await expect(wizard(script, routes, { home })).rejects.toThrow('budget.perTurnUsd must be a number');
});

test('every way a server can fail is one plain sentence', async () => {
  const endpoint = { baseUrl: 'http://x:1/v1/', apiKey: null };
  const { clock } = createFake().deps;
  const why = async (route: Route) => {
    const probed = await probeModels({ clock, ...network({ 'http://x:1/v1/models': route }) }, endpoint);
    return probed.ok ? 'ok' : probed.why;
  };
  expect(await why(failure('ENOTFOUND'))).toBe('There is no server called x:1, or no network.');
  expect(await why(failure('ECONNREFUSED'))).toBe('Nothing listens at x:1. Is the server started?');
  expect(await why([404, 'no'])).toContain('Does it end in /v1?');
  expect(await why([429, {}])).toContain('no credit');
  expect(await why([200, '<html>'])).toContain('not with a list of models');
  expect(await why([503, 'x'])).toBe('x:1 answered 503.');
  const chat = await probeChat(
    { clock, ...network({ 'http://x:1/v1/chat/completions': [200, {}] }) },
    endpoint,
    'm',
  );
  expect(chat).toEqual({ ok: false, why: 'm answered with something that is no chat completion.' });
  const silent = {
    clock: { ...clock, after: (_ms: number, run: () => void) => (run(), () => undefined) },
    ...network({}),
  };
  const candidate = {
    apiRoot: 'https://api.telegram.org',
    mode: null,
    settings: {},
    secrets: { token: '7:x' },
  };
  expect(await telegram.probe(silent, candidate)).toEqual({
    ok: false,
    why: 'api.telegram.org did not answer in time.',
  });
});

test('choices: what runs, what has a key, the rest; then any other, then the demo', () => {
  const order = sourceChoices({ presets, env: { OPENROUTER_API_KEY: 'k' } }, ['ollama']).map(
    ({ value }) => value,
  );
  expect(order).toEqual(['ollama', 'openrouter', 'openai', 'other', 'demo']);
});

test('a provider is called after its host', () => {
  const names = [
    'https://api.groq.com/openai/v1',
    'http://box:8000/v1',
    'http://10.0.0.7:8000/v1',
    'http://[::1]/v1',
  ];
  expect(names.map(providerNameFor)).toEqual(['groq', 'box', 'main', 'main']);
});

test('edits and next steps without a key, and with a variable that has to be set', () => {
  const base = { provider: 'main', preset: null, baseUrl: 'http://x/v1', model: 'a/b' };
  expect(modelEdits({ ...base, secret: null }, null)).toEqual([
    { path: ['model', 'default'], value: 'main/a/b' },
    { path: ['model', 'providers', 'main'], value: { baseUrl: 'http://x/v1' } },
  ]);
  const secret = { value: 'k', reference: { keep: 'environment', name: 'X_KEY' } } as const;
  const steps = nextSteps({ model: { ...base, secret }, channels: [] }, true);
  expect(steps).toMatch(/^1\. Set X_KEY wherever the gateway starts\.\n2\. Talk in the browser/);
  expect(nextSteps({ model: null, channels: [] }, false)).toContain('tiro init');
});
