import type { Config } from './load.ts';

/** Every secret value of the configuration, for the redactor. `token` is the one in force. */
export function secretsOf(config: Config): readonly string[] {
  const telegram = config.channels.telegram;
  const found: readonly (string | null | undefined)[] = [
    config.token,
    telegram?.token,
    telegram?.webhook?.secret,
    ...Object.values(config.model.providers).map((provider) => provider.apiKey),
  ];
  return found.filter((secret) => typeof secret === 'string');
}

const mask = '[secret]';

/** The configuration in force, defaults included, as YAML that shows no secret. */
export async function showConfig(config: Config): Promise<string> {
  const { stringify } = await import('yaml');
  const { home, path, host, port, model, channels, people, access, conversation, budget } = config;
  const providers = Object.entries(model.providers).map(
    ([name, provider]) =>
      [name, { ...provider, baseUrl: maskedUrl(provider.baseUrl), apiKey: masked(provider.apiKey) }] as const,
  );
  const telegram =
    channels.telegram === null
      ? null
      : {
          ...channels.telegram,
          token: mask,
          webhook: channels.telegram.webhook === null ? null : { ...channels.telegram.webhook, secret: mask },
        };
  const file = {
    model: { ...model, providers: Object.fromEntries(providers) },
    channels: telegram === null ? {} : { telegram },
    people,
    access,
    conversation,
    budget,
  };
  const head = [`# home ${home}`, `# file ${path}`, `# listens on ${host}:${port}`];
  return `${head.join('\n')}\n${stringify(file)}`;
}

function masked(secret: string | null): string | null {
  return secret === null ? null : mask;
}

function maskedUrl(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null || parsed.password === '' ? url : url.replace(/\/\/[^@/]*@/, `//${mask}@`);
}
