import type { Need } from '#test/house/requirement.ts';
import { needsDovecot } from './mail/dovecot.ts';
import type { FakePlatform, Lack } from './platform.ts';

export interface PlatformChoice {
  readonly name: string;
  readonly lacks?: readonly Lack[];
  /** What the fake needs and a machine may lack: without it the platform is left out. Its own tests tell of it. */
  need?(): Need;
  start(): Promise<FakePlatform>;
}

/** Every platform of adapters/index.ts, as a fake of its wire. Only what is started is loaded. */
const all: readonly PlatformChoice[] = [
  {
    name: 'telegram',
    start: async () => (await import('./telegram/platform.ts')).startTelegramPlatform(),
  },
  { name: 'discord', start: async () => (await import('./discord/platform.ts')).startDiscordPlatform() },
  { name: 'slack', start: async () => (await import('./slack/platform.ts')).startSlackPlatform() },
  {
    name: 'whatsapp',
    start: async () => (await import('./whatsapp/platform.ts')).startWhatsAppPlatform(),
  },
  {
    name: 'email',
    lacks: ['groups', 'signs'],
    need: needsDovecot,
    start: async () => (await import('./mail/platform.ts')).startMailPlatform(),
  },
  {
    name: 'webhook',
    lacks: ['groups', 'strangers', 'connection', 'signs', 'commands', 'order'],
    start: async () => (await import('./webhook/platform.ts')).startWebhookPlatform(),
  },
];

/** Those that this machine can run; with CI=true that is all of them. */
export const platforms = all.filter(({ need }) => need?.().skip !== true);

/** Further ways to platforms of that list: one gateway has one of each, so they stand alone. */
export const variants: readonly PlatformChoice[] = [
  {
    name: 'whatsapp-cloud',
    // It asks the API every few minutes: that it cannot be reached shows then, or when something is sent.
    lacks: ['groups', 'connection'],
    start: async () => (await import('./graph/platform.ts')).startGraphPlatform(),
  },
];
