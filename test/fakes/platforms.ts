import type { FakePlatform, Lack } from './platform.ts';

export interface PlatformChoice {
  readonly name: string;
  readonly lacks?: readonly Lack[];
  start(): Promise<FakePlatform>;
}

/** Every platform of adapters/index.ts, as a fake of its wire. Only what is started is loaded. */
export const platforms: readonly PlatformChoice[] = [
  {
    name: 'telegram',
    start: async () => (await import('./telegram/platform.ts')).startTelegramPlatform(),
  },
  { name: 'discord', start: async () => (await import('./discord/platform.ts')).startDiscordPlatform() },
  { name: 'slack', start: async () => (await import('./slack/platform.ts')).startSlackPlatform() },
];
