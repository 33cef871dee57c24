import { z } from 'zod';
import type { AdapterPort, PlatformDeps } from '#core/ports/adapter.ts';
import { createWhatsAppCloud } from './cloud/index.ts';
import { cloudSettingsSchema } from './cloud/settings.ts';
import { createWhatsAppWeb } from './web/index.ts';

const modeSchema = z.object({ mode: z.enum(['web', 'cloud']) });

/**
 * One channel, two ways: `web`, a further device of a phone, and `cloud`, Meta's interface for companies. The library of
 * `web` is loaded when its connection is opened, so that `cloud` neither needs nor loads it.
 *
 * Contract: throws a ZodError where `settings` are not those of `channels.whatsapp`.
 */
export function buildWhatsApp(deps: PlatformDeps, settings: unknown): AdapterPort {
  const { mode } = modeSchema.parse(settings);
  return mode === 'web'
    ? createWhatsAppWeb(deps)
    : createWhatsAppCloud(deps, cloudSettingsSchema.parse(settings));
}
