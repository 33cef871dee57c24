export type PresetName =
  | 'openai'
  | 'openrouter'
  | 'anthropic'
  | 'gemini'
  | 'ollama'
  | 'vllm'
  | 'lmstudio'
  | 'llamacpp';

/** A known server: where it is and how it departs from the common dialect. */
export interface Preset {
  readonly name: PresetName;
  readonly title: string;
  readonly baseUrl: string;
  /** The environment variable in which its users keep the key; null: it needs none. */
  readonly keyEnv: string | null;
  readonly defaultModel: string | null;
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** Runs on the owner's machine: calls cost nothing and a long prompt may take minutes before the first byte. */
  readonly local: boolean;
  /** The port alone tells which server it is; 8000 and 8080 are everybody's. */
  readonly distinctPort: boolean;
  /** The window where config names none: a guess on the small side, since too long a prompt is an error. */
  readonly contextTokens: number;
  /** Its models see pictures, unless config says otherwise. One that refuses them is asked again without. */
  readonly vision: boolean;
}

const hosted = { maxTokensField: 'max_tokens', local: false, distinctPort: false, vision: true } as const;
const local = {
  keyEnv: null,
  defaultModel: null,
  maxTokensField: 'max_tokens',
  local: true,
  contextTokens: 8_192,
  // Many models of own servers are blind, and some servers drop pictures without a word.
  vision: false,
} as const;

/**
 * Sources, read 2026-11-20: developers.openai.com/api/docs/models, platform.claude.com/docs/en/api/openai-sdk,
 * ai.google.dev/gemini-api/docs/openai, and the default ports of the four local servers.
 */
export const presets: Readonly<Record<PresetName, Preset>> = {
  openai: {
    ...hosted,
    name: 'openai',
    title: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    keyEnv: 'OPENAI_API_KEY',
    defaultModel: 'gpt-5.6-luna',
    maxTokensField: 'max_completion_tokens',
    contextTokens: 128_000,
  },
  openrouter: {
    ...hosted,
    name: 'openrouter',
    title: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    keyEnv: 'OPENROUTER_API_KEY',
    defaultModel: 'openrouter/auto',
    contextTokens: 128_000,
  },
  anthropic: {
    ...hosted,
    name: 'anthropic',
    title: 'Anthropic (OpenAI-compatible endpoint)',
    baseUrl: 'https://api.anthropic.com/v1',
    keyEnv: 'ANTHROPIC_API_KEY',
    defaultModel: null,
    contextTokens: 200_000,
  },
  gemini: {
    ...hosted,
    name: 'gemini',
    title: 'Google Gemini (OpenAI-compatible endpoint)',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    keyEnv: 'GEMINI_API_KEY',
    defaultModel: 'gemini-3.8-flash',
    contextTokens: 128_000,
  },
  ollama: {
    ...local,
    name: 'ollama',
    title: 'Ollama on this machine',
    baseUrl: 'http://127.0.0.1:11434/v1',
    distinctPort: true,
  },
  lmstudio: {
    ...local,
    name: 'lmstudio',
    title: 'LM Studio on this machine',
    baseUrl: 'http://127.0.0.1:1234/v1',
    distinctPort: true,
  },
  vllm: {
    ...local,
    name: 'vllm',
    title: 'vLLM',
    baseUrl: 'http://127.0.0.1:8000/v1',
    distinctPort: false,
  },
  llamacpp: {
    ...local,
    name: 'llamacpp',
    title: 'llama.cpp server',
    baseUrl: 'http://127.0.0.1:8080/v1',
    distinctPort: false,
  },
};

const addresses = Object.values(presets).map((preset) => ({ preset, known: new URL(preset.baseUrl) }));

/** The preset of an address: hosted ones by host, local ones by port on an address of the own network. */
export function presetOf(baseUrl: string): Preset | null {
  const url = URL.parse(baseUrl);
  if (url === null) return null;
  for (const { preset, known } of addresses) {
    if (preset.local ? isOwnNetwork(url.hostname) && url.port === known.port : url.host === known.host) {
      return preset;
    }
  }
  return null;
}

/** Loopback, a private address, or a name that only the own network can know (a compose service, `box.local`). */
export function isOwnNetwork(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (/^\d+(\.\d+){3}$/.test(name)) return /^(127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\./.test(name);
  if (name === '::1' || /^f[cd][0-9a-f]{2}:/.test(name)) return true;
  return !name.includes(':') && (!name.includes('.') || /\.(local|internal|lan|home\.arpa)$/.test(name));
}
