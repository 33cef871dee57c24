import type { Config } from './load.ts';

/**
 * Keys whose values are secrets, by how they are called: `token`, `apiKey`, `signingSecret`, `password` … A test holds
 * the schema to it; the settings of a channel that the schema does not know are covered too.
 */
export function isSecretKey(key: string): boolean {
  return /(token|secret|password|key)$/i.test(key);
}

/** Every secret value of the configuration, for the redactor. `token` is the one in force. */
export function secretsOf(config: Config): readonly string[] {
  const { token, model, channels } = config;
  const found = secretsIn({ model, channels });
  return [...new Set(token === null ? found : [token, ...found])];
}

function secretsIn(tree: unknown): readonly string[] {
  return entriesOf(tree).flatMap(([key, value]) => {
    if (typeof value !== 'string') return secretsIn(value);
    if (isSecretKey(key)) return [value];
    const password = passwordOf(value);
    return password === null ? [] : [password];
  });
}

const mask = '[secret]';

/** The configuration in force, defaults included, as YAML that shows no secret. */
export async function showConfig(config: Config): Promise<string> {
  const { stringify } = await import('yaml');
  const { home, path, host, port, model, channels, people, access, conversation, budget } = config;
  const configured = Object.fromEntries(Object.entries(channels).filter(([, channel]) => channel !== null));
  const file = {
    model: masked(model),
    channels: masked(configured),
    people,
    access,
    conversation,
    budget,
  };
  const head = [`# home ${home}`, `# file ${path}`, `# listens on ${host}:${port}`];
  return `${head.join('\n')}\n${stringify(file)}`;
}

function masked(tree: unknown): unknown {
  if (typeof tree === 'string') return maskedUrl(tree);
  if (Array.isArray(tree)) return tree.map(masked);
  if (tree === null || typeof tree !== 'object') return tree;
  return Object.fromEntries(
    entriesOf(tree).map(([key, value]) => [
      key,
      typeof value === 'string' && isSecretKey(key) ? mask : masked(value),
    ]),
  );
}

function entriesOf(tree: unknown): readonly [string, unknown][] {
  return tree === null || typeof tree !== 'object' ? [] : Object.entries(tree);
}

/** Of a URL such as `http://name:password@host`, as it is written; only slashes end it. */
function passwordOf(text: string): string | null {
  return URL.canParse(text) ? (/\/\/[^/:]*:([^/]+)@/.exec(text)?.[1] ?? null) : null;
}

function maskedUrl(url: string): string {
  return passwordOf(url) === null ? url : url.replace(/\/\/[^/]*@/, `//${mask}@`);
}
