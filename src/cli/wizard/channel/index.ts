import { discord } from './discord.ts';
import { email } from './mail/email.ts';
import type { ChannelPlatform } from './platform.ts';
import { slack } from './slack.ts';
import { telegram } from './telegram.ts';
import { webhook } from './webhook.ts';
import { whatsapp } from './whatsapp.ts';

/** The platforms that can be set up by question and answer. */
export const channelPlatforms: readonly ChannelPlatform[] = [
  telegram,
  discord,
  slack,
  whatsapp,
  email,
  webhook,
];
