import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig, type LoadInput, type LoadResult, parseConfig } from './load.ts';
import { describeProblem } from './problem.ts';
import { secretsOf, showConfig } from './show.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tiro-config-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const url = (name: string) => ({ baseUrl: `https://${name}.example/v1` });
const presets = {
  openai: url('openai'),
  openrouter: url('openrouter'),
  anthropic: url('anthropic'),
  gemini: url('gemini'),
  ollama: url('ollama'),
  vllm: url('vllm'),
  lmstudio: url('lmstudio'),
  llamacpp: url('llamacpp'),
};

const input = (env: Record<string, string> = {}, more: Partial<LoadInput> = {}): LoadInput => ({
  env,
  presets,
  home,
  ...more,
});

async function load(yaml: string, env: Record<string, string> = {}): Promise<LoadResult> {
  writeFileSync(join(home, 'config.yaml'), yaml);
  return loadConfig(input(env));
}

async function good(yaml: string, env: Record<string, string> = {}) {
  const result = await load(yaml, env);
  if (!result.ok) throw new Error(result.problems.map(describeProblem).join('\n'));
  return result;
}

/** The problems as `path message. fix`. */
async function bad(yaml: string, env: Record<string, string> = {}): Promise<string[]> {
  const result = await load(yaml, env);
  if (result.ok) throw new Error('expected problems');
  return result.problems.map(describeProblem);
}

/** An endpoint with these keys, and with what else it must have. */
function endpoint(keys: string): string {
  const secret =
    keys.includes('secret: ') && !keys.includes('replyTo: {') ? '' : 'secret: 0123456789abcdef, ';
  const scheme = keys.includes('scheme: ') ? '' : 'scheme: github, ';
  return `channels: {webhook: {endpoints: {ci: {${secret}${scheme}prompt: p, ${keys}}}}}`;
}

const provider =
  'model: {providers: {main: {baseUrl: "https://m.example/v1", apiKey: sk-main-0123456789}}}\n';

describe('defaults and precedence', () => {
  test('nothing configured is the demo, with every default in place', async () => {
    const result = await loadConfig(input());
    expect(result).toMatchObject({
      ok: true,
      warnings: [],
      text: null,
      config: {
        home,
        path: join(home, 'config.yaml'),
        host: '127.0.0.1',
        port: 4180,
        token: null,
        demo: true,
        model: { default: null, fallback: [], background: null, transcription: null, providers: {} },
        channels: {
          telegram: null,
          discord: null,
          slack: null,
          whatsapp: null,
          email: null,
          webhook: null,
        },
        people: {},
        access: { dm: 'pairing', groups: 'mention' },
        conversation: { queue: 'queue', coalesceMs: 700, staleHours: 6, turnsPerMinute: 60 },
        budget: { perTurnUsd: 0.5, perPersonDayUsd: 5, guestDayUsd: 0.2 },
      },
    });
  });

  test('sections whose lines are all commented out count as empty', async () => {
    const { config } = await good('model:\n  # default: x\nchannels:\npeople:\nbudget:\n  perTurnUsd: 1\n');
    expect(config).toMatchObject({ demo: true, budget: { perTurnUsd: 1, guestDayUsd: 0.2 } });
  });

  test('flag before environment before default, for port and home', async () => {
    const both = await loadConfig(input({ TIRO_PORT: '5000' }, { flags: { port: 6000, host: '0.0.0.0' } }));
    expect(both).toMatchObject({ config: { port: 6000, host: '0.0.0.0' } });
    expect(await loadConfig(input({ TIRO_PORT: '5000' }))).toMatchObject({ config: { port: 5000 } });
    expect(await loadConfig(input({ TIRO_HOME: '/nowhere' }))).toMatchObject({ config: { home } });
    const named = await loadConfig({ env: { TIRO_HOME: home }, presets });
    expect(named).toMatchObject({ config: { home } });
  });

  test('TIRO_CONFIG names another file, which must exist', async () => {
    writeFileSync(join(home, 'other.yaml'), 'access: {dm: open}');
    const other = join(home, 'other.yaml');
    const found = await loadConfig(input({ TIRO_CONFIG: other }));
    expect(found).toMatchObject({ ok: true, config: { path: other, access: { dm: 'open' } } });
    const gone = await loadConfig(input({ TIRO_CONFIG: join(home, 'gone.yaml') }));
    expect(gone).toMatchObject({ ok: false, problems: [{ fix: expect.stringContaining('TIRO_CONFIG') }] });
  });

  test('TIRO_MODEL goes before model.default', async () => {
    const yaml = provider.replace('model: {', 'model: {default: main/a, ');
    expect((await good(yaml)).config.model.default).toBe('main/a');
    expect((await good(yaml, { TIRO_MODEL: 'main/b' })).config.model.default).toBe('main/b');
  });
});

describe('a provider from the environment', () => {
  test('OPENAI_API_KEY alone means OpenAI; the model is left to the preset', async () => {
    const { config } = await good('', { OPENAI_API_KEY: 'sk-env' });
    expect(config).toMatchObject({ demo: false, model: { default: null } });
    expect(config.model.providers).toEqual({
      openai: {
        preset: 'openai',
        baseUrl: 'https://api.openai.com/v1',
        apiKey: 'sk-env',
        concurrency: 8,
        models: {},
      },
    });
  });

  test('OPENAI_BASE_URL alone is a server without a key and without a preset', async () => {
    const { config } = await good('', { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', TIRO_MODEL: 'tiny' });
    expect(config.model).toMatchObject({
      default: 'tiny',
      providers: { openai: { preset: null, apiKey: null, baseUrl: 'http://127.0.0.1:9/v1' } },
    });
  });

  test('neither counts where the file names a provider', async () => {
    const { config } = await good(provider, { OPENAI_API_KEY: 'sk-env' });
    expect(Object.keys(config.model.providers)).toEqual(['main']);
  });

  test('empty variables count as not set', async () => {
    const { config } = await good('', {
      OPENAI_API_KEY: '',
      OPENAI_BASE_URL: ' ',
      TIRO_PORT: '',
      TIRO_MODEL: '',
    });
    expect(config).toMatchObject({ demo: true, port: 4180, model: { default: null } });
  });
});

test('the whole of it, with references and numbers from the environment', async () => {
  writeFileSync(join(home, 'bot'), '7:token\n');
  const { config, warnings } = await good(
    `
model:
  default: main/gpt-x
  fallback: [local/llama]
  background: main/gpt-x-mini
  providers:
    main: { baseUrl: "https://\${HOST}/v1", apiKey: "\${KEY}", concurrency: "\${SLOTS}", models: { gpt-x: { context: 128000, priceIn: 0.4, priceOut: 1.6, priceCached: 0.1, vision: true, maxOutput: 4096 } } }
    local: { preset: ollama }
channels:
  telegram: { token: { file: bot }, apiRoot: "http://127.0.0.1:8081", webhook: { url: "https://t.example/hooks/telegram", secret: abc_DEF-1 } }
people:
  ann: { role: owner, identities: ["telegram:7", "slack:T1/U1", "email:ann@example.org"], timezone: Europe/Rome, language: it }
  bob: { role: member, approve: own }
access: { dm: allowlist, groups: all }
conversation: { queue: steer, coalesceMs: 0, staleHours: 1.5 }
budget: { perTurnUsd: 0, perPersonDayUsd: 1, guestDayUsd: 0 }
`,
    { HOST: 'm.example', KEY: 'sk-key', SLOTS: '3' },
  );
  expect(warnings).toEqual([]);
  expect(config.model.providers['main']).toMatchObject({
    baseUrl: 'https://m.example/v1',
    apiKey: 'sk-key',
    concurrency: 3,
    models: { 'gpt-x': { context: 128000, priceCached: 0.1, vision: true, maxOutput: 4096 } },
  });
  expect(config.model.providers['local']).toMatchObject({
    baseUrl: 'https://ollama.example/v1',
    apiKey: null,
  });
  expect(config.channels.telegram).toMatchObject({ token: '7:token', webhook: { secret: 'abc_DEF-1' } });
  expect(config.people['bob']).toEqual({
    role: 'member',
    identities: [],
    timezone: null,
    language: null,
    approve: 'own',
  });
  expect(secretsOf(config)).toEqual(['sk-key', '7:token', 'abc_DEF-1']);
});

describe('every mistake names the key and the mend', () => {
  const cases: [what: string, yaml: string, expected: string | RegExp][] = [
    ['a misspelt section', 'chanels: {}', 'chanels is not a key of this version. Did you mean channels?'],
    ['a misspelt key in depth', 'model: {providers: {a: {baseURL: "http://x"}}}', 'Did you mean baseUrl?'],
    ['a key of a record entry', 'people: {ann: {role: owner, identity: []}}', 'Did you mean identities?'],
    [
      'a key inside a nullable section',
      'channels: {telegram: {token: a, webhook: {uri: b}}}',
      'Did you mean url?',
    ],
    [
      'a key like no other',
      'quux: 1',
      'quux is not a key of this version. Remove it; what may stand there: model, ',
    ],
    [
      'a wrong choice',
      'access: {dm: pairin}',
      'access.dm must be pairing or allowlist or open. Did you mean pairing?',
    ],
    ['text for a number', 'conversation: {coalesceMs: soon}', /coalesceMs must be a number, not text/],
    ['a number too small', 'budget: {perTurnUsd: -1}', 'budget.perTurnUsd must be at least 0.'],
    ['a number for text', 'channels: {telegram: {token: 12345}}', /token must be text.* Put it in quotes/],
    ['a list for a section', 'people: [ann]', /people must be a section with keys, not a list/],
    ['a missing token', 'channels: {telegram: {apiRoot: "http://x"}}', 'channels.telegram.token is missing.'],
    ['a channel that is only named', 'channels: {telegram: }', 'channels.telegram.token is missing.'],
    ['an empty token', 'channels: {telegram: {token: ""}}', 'channels.telegram.token is empty.'],
    ['a token with a space', 'channels: {telegram: {token: "a b"}}', 'must not contain spaces'],
    [
      'an empty webhook secret',
      'channels: {telegram: {token: a, webhook: {url: "http://x", secret: ""}}}',
      'is empty',
    ],
    ['no mode', 'channels: {whatsapp: {}}', 'channels.whatsapp.mode is missing. Choose web or cloud.'],
    ['a wrong mode', 'channels: {whatsapp: {mode: clud}}', 'mode must be web or cloud. Did you mean cloud?'],
    [
      'a key of the other mode',
      'channels: {whatsapp: {mode: web, token: x}}',
      'channels.whatsapp.token is not a key of this version. Remove it; what may stand there: mode.',
    ],
    [
      'a key of this mode, misspelt',
      'channels: {whatsapp: {mode: cloud, verifyTokn: x}}',
      'whatsapp.verifyTokn is not a key of this version. Did you mean verifyToken?',
    ],
    [
      'a number that is none',
      'channels: {whatsapp: {mode: cloud, phoneNumberId: "+49"}}',
      'phoneNumberId must be the number of digits',
    ],
    ['no address', 'channels: {email: {address: ann}}', 'channels.email.address must be an address such as'],
    [
      'no server',
      'channels: {email: {address: a@b.de}}',
      'channels.email.imap is missing. Make it a section with the keys host, port, secure, user, password.',
    ],
    [
      'a port that is none',
      'channels: {email: {imap: {port: 0}}}',
      'channels.email.imap.port must be at least 1',
    ],
    ['no endpoints', 'channels: {webhook: {}}', 'channels.webhook.endpoints is missing. Make it a section'],
    [
      'an endpoint with capitals',
      'channels: {webhook: {endpoints: {CI: {}}}}',
      'endpoints.CI is not a usable name.',
    ],
    [
      'an endpoint called like a channel',
      'channels: {webhook: {endpoints: {slack: {}}}}',
      'endpoints.slack is not a usable name.',
    ],
    [
      'a wrong scheme',
      endpoint('scheme: githb, replyTo: "telegram:7"'),
      'scheme must be standard or github or hmac-sha256. Did you mean github?',
    ],
    ['a blank secret', endpoint('secret: "", scheme: github, replyTo: "telegram:7"'), 'ci.secret is empty.'],
    [
      'a secret of spaces',
      endpoint('secret: "  ", scheme: github, replyTo: "a:1"'),
      'must not contain spaces',
    ],
    ['a short secret', endpoint('secret: s3cret, scheme: github, replyTo: "a:1"'), 'ci.secret is too short'],
    [
      'a secret that is no Standard key',
      endpoint('secret: "not-base-64-not-base-64", scheme: standard, replyTo: "a:1"'),
      'ci.secret must be a key of at least 8 bytes in base 64 behind whsec_',
    ],
    ['no place for the answer', endpoint('scheme: github'), 'ci.replyTo is missing.'],
    ['a place that is no chat', endpoint('replyTo: nowhere'), 'ci.replyTo must be a chat such as telegram:7'],
    ['an answer to itself', endpoint('replyTo: "webhook:ci"'), 'replyTo must not be an endpoint'],
    [
      'a number as a place',
      endpoint('replyTo: 7'),
      'replyTo must be text or a section with keys, not a number',
    ],
    [
      'a URL that is none',
      endpoint('replyTo: {url: "ftp://x"}'),
      'ci.replyTo.url must be a URL that begins with',
    ],
    ['a URL without a secret', endpoint('replyTo: {url: "https://x"}'), 'ci.replyTo.secret is missing.'],
    [
      'a misspelt key of the place',
      endpoint('replyTo: {uri: "https://x"}'),
      'ci.replyTo.uri is not a key of this version. Did you mean url?',
    ],
    ['no URL', 'model: {providers: {a: {baseUrl: api.example}}}', 'model.providers.a.baseUrl must be a URL'],
    [
      'neither URL nor preset',
      'model: {providers: {a: {apiKey: k}}}',
      'model.providers.a.baseUrl is missing',
    ],
    ['an unknown preset', 'model: {providers: {a: {preset: olama}}}', 'Did you mean ollama?'],
    [
      'a provider name with a slash',
      'model: {providers: {a/b: {preset: ollama}}}',
      'a/b is not a usable name.',
    ],
    ['a handle with capitals', 'people: {Ann: {role: owner}}', 'people.Ann is not a usable name.'],
    ['a handle of an API user', 'people: {api-bob: {role: member}}', 'people.api-bob is not a usable name.'],
    ['a handle of a guest', 'people: {guest-7: {role: member}}', 'people.guest-7 is not a usable name.'],
    ['no role', 'people: {ann: {}}', 'people.ann.role is missing.'],
    [
      'a wrong identity',
      'people: {ann: {role: owner, identities: ["7"]}}',
      'people.ann.identities[0] must be channel:id',
    ],
    [
      'a wrong zone',
      'people: {ann: {role: owner, timezone: Rome}}',
      'people.ann.timezone must be a time zone',
    ],
    [
      'a wrong language',
      'people: {ann: {role: owner, language: "??"}}',
      'people.ann.language must be a language',
    ],
    ['a model without a provider', 'model: {default: main/x}', 'names the model main/x, but no provider'],
    [
      'a double key',
      'access: {}\naccess: {}',
      'config.yaml is not YAML at line 2, column 1: Map keys must be unique',
    ],
    ['an unquoted reference', 'channels: {telegram: {token: ${X}}}', 'a reference needs quotes: "${NAME}"'],
    ['a tag', 'access: !open {}', 'is not YAML at line 1'],
    ['no mapping at all', 'hello', 'config.yaml must be a section with keys, not text.'],
  ];
  test.each(cases)('%s', async (_what, yaml, expected) => {
    const problems = await bad(yaml);
    expect(problems.join('\n')).toMatch(expected instanceof RegExp ? expected : new RegExp(escape(expected)));
    for (const problem of problems) expect(problem).toMatch(/\. \S.*[.?]$/);
  });

  const escape = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

  test('one identity of two people, and one given twice', async () => {
    const yaml =
      'people: {ann: {role: owner, identities: ["telegram:7"]}, bob: {role: member, identities: ["telegram:7"]}}';
    expect(await bad(yaml)).toEqual([
      expect.stringContaining('people.bob.identities[0] is an identity of ann already'),
    ]);
    expect(await bad('people: {ann: {role: owner, identities: ["a:1", "a:1"]}}')).toHaveLength(1);
  });

  test('a missing variable is reported once, an empty one with its name', async () => {
    const yaml = 'channels: {telegram: {token: "${BOT}"}}';
    expect(await bad(yaml)).toEqual([expect.stringContaining('needs the environment variable BOT')]);
    expect(await bad(yaml, { BOT: '' })).toEqual([expect.stringContaining('is empty. ')]);
    expect((await bad(yaml, { BOT: '' }))[0]).toContain('taken from the variable BOT');
  });

  test('several mistakes come together', async () => {
    expect(await bad('acess: {}\nbudget: {perTurnUsd: x}\npeople: {ann: {role: boss}}')).toHaveLength(3);
  });

  test('the environment: port and token', async () => {
    expect(await bad('', { TIRO_PORT: '99999' })).toEqual([
      expect.stringContaining('TIRO_PORT must be a port'),
    ]);
    expect(await bad('', { TIRO_TOKEN: '' })).toEqual([expect.stringContaining('TIRO_TOKEN is empty')]);
    expect(await bad('', { TIRO_TOKEN: 'a b' })).toHaveLength(1);
  });

  test('no message quotes a value: it may be a secret', async () => {
    const secret = 'hunter2-hunter2';
    const texts = [
      `channels: {telegram: {token: ["${secret}"]}}`,
      `channels: {telegram: {token: "${secret} "}}`,
      `channels: {telegram: {token: "${secret}\n  x: [`,
      `model: {providers: {a: {baseUrl: "${secret}"}}}`,
    ];
    for (const yaml of texts) expect((await bad(yaml)).join()).not.toContain(secret);
  });

  test('a bomb of aliases is refused', async () => {
    const list = (name: string, of: string) => `${name}: &${name} [${Array(20).fill(`*${of}`).join(', ')}]`;
    const yaml = ['a: &a [x]', list('b', 'a'), list('c', 'b'), list('d', 'c'), list('e', 'd')].join('\n');
    expect((await bad(yaml)).join()).toContain('cannot be read');
  });
});

describe('warnings', () => {
  test('an endpoint whose answers go to a channel that is not there', async () => {
    const answersTo = (chat: string): string =>
      `${provider}channels: {telegram: {token: "7:token"}, webhook: {endpoints: {ci: {secret: s3cret-s3cret, scheme: github, prompt: x, replyTo: "${chat}"}}}}`;
    expect((await good(answersTo('telegram:7'))).warnings).toEqual([]);
    for (const channel of ['slack', 'web']) {
      expect((await good(answersTo(`${channel}:1`))).warnings).toMatchObject([
        { path: 'channels.webhook.endpoints.ci.replyTo', message: expect.stringContaining(channel) },
      ]);
    }
  });

  test('keys of a later version are ignored by name', async () => {
    const yaml = `${provider}policy: {rules: []}\nsandbox: {image: x, key: "\${NOT_SET}"}\nbudget: {perMinuteUsd: 1, perTurnUsd: 2}\n`;
    const { config, warnings } = await good(yaml);
    expect(config.budget.perTurnUsd).toBe(2);
    expect(warnings.map((warning) => warning.path)).toEqual(['policy', 'sandbox', 'budget.perMinuteUsd']);
  });

  test('a channel that does not exist and a provider that is probably misspelt', async () => {
    const people = 'people: {ann: {role: owner, identities: ["telegramm:7"]}}';
    expect((await good(people)).warnings).toMatchObject([{ fix: 'Did you mean telegram?' }]);
    const misspelt = await good(provider.replace('{', '{default: mian/x, fallback: [meta/llama], '));
    expect(misspelt.warnings).toMatchObject([{ fix: 'Did you mean main/x?' }]);
  });

  test('what is sent without encryption to another machine, on whatever channel', async () => {
    const standard = `whsec_${'a'.repeat(32)}`;
    const yaml = [
      'channels:',
      '  telegram: {token: t, apiRoot: "http://bots.example.org"}',
      '  discord: {token: t, apiRoot: "http://127.0.0.1:9/api"}',
      '  slack: {botToken: b, appToken: a, apiRoot: "http://[::1]:9/"}',
      '  whatsapp: {mode: cloud, phoneNumberId: "12345", token: t, appSecret: s, verifyToken: v, apiRoot: "http://graph"}',
      `  webhook: {endpoints: {ci: {secret: ${standard}, scheme: standard, prompt: p, replyTo: {url: "http://x.example", secret: ${standard}}}}}`,
    ].join('\n');
    const { warnings } = await good(yaml);
    expect(warnings.map(({ path }) => path)).toEqual([
      'channels.telegram.apiRoot',
      'channels.whatsapp.apiRoot',
      'channels.webhook.endpoints.ci.replyTo.url',
    ]);
    expect(warnings[0]).toMatchObject({ fix: expect.stringContaining('https://') });
  });

  test('TIRO_MODEL without a provider leaves the demo', async () => {
    const result = await good('', { TIRO_MODEL: 'x' });
    expect(result).toMatchObject({ config: { demo: true }, warnings: [{ path: 'TIRO_MODEL' }] });
  });
});

test('showing the configuration shows no secret', async () => {
  const yaml = `
model: {providers: {a: {baseUrl: "http://u:hidden0@x/v1", apiKey: hidden1}}}
channels: {telegram: {token: hidden2, webhook: {url: "https://x", secret: hidden3}}}`;
  const shown = await showConfig((await good(yaml, { TIRO_TOKEN: 'hidden4' })).config);
  expect(shown).not.toContain('hidden');
  expect(shown).toContain('apiKey: "[secret]"');
  expect(shown).toContain('coalesceMs: 700');
});

test('a text can be checked before it is written', async () => {
  expect(await parseConfig('access: {dm: x}', input())).toMatchObject({ ok: false, text: 'access: {dm: x}' });
});

test('channels that the caller brings adapters for are handed over as they are written; others stay unknown', async () => {
  const yaml = 'channels: {toy: {key: "${TOY}", depth: 2}, slak: {botToken: x}}';
  const further = input({ TOY: 'secret-of-toy' }, { furtherChannels: ['toy'] });
  expect(await parseConfig(yaml, further)).toMatchObject({
    ok: false,
    problems: [{ path: 'channels.slak' }],
  });
  expect(await bad(yaml, { TOY: 'x' })).toHaveLength(2);
  const people = 'people: {ann: {role: owner, identities: ["toy:7"]}}';
  const loaded = await parseConfig(`${yaml.replace(/, slak.*/, '}')}\n${people}`, further);
  expect(loaded).toMatchObject({
    ok: true,
    warnings: [],
    config: { channels: { toy: { key: 'secret-of-toy', depth: 2 } } },
  });
  if (!loaded.ok) return;
  expect(secretsOf(loaded.config)).toContain('secret-of-toy');
  expect(await showConfig(loaded.config)).not.toContain('secret-of-toy');
});
