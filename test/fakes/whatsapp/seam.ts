import { z } from 'zod';
import type { AdapterPort, Platform, PlatformDeps } from '#core/ports/adapter.ts';
import { createWhatsAppWeb } from '#adapters/whatsapp/web/index.ts';

/** Of `channels.whatsapp` in tests: where the fake listens, and whether its phone scans what is shown. */
const settingsSchema = z.object({
  mode: z.literal('web'),
  server: z.url(),
  rootKey: z.string(),
  scans: z.boolean().default(true),
});

const lookMs = 20;

/** Takes the place of the product's own platform, which cannot be pointed at another server. All else it builds as that does. */
export const whatsappSeam: Platform = {
  name: 'whatsapp',
  load: async () => {
    const { buildWhatsApp } = await import('#adapters/whatsapp/index.ts');
    return (deps, settings) =>
      settingsSchema.safeParse(settings).success
        ? createAtFake(deps, settings)
        : buildWhatsApp(deps, settings);
  },
};

/** An adapter whose server is the fake, and whose owner scans each QR code at once. */
export function createAtFake(deps: PlatformDeps, settings: unknown): AdapterPort {
  const { server, rootKey, scans } = settingsSchema.parse(settings);
  const adapter = createWhatsAppWeb(deps, {
    url: `${server.replace(/^http/, 'ws')}/ws/chat`,
    rootKey: Buffer.from(rootKey, 'base64'),
    media: server,
  });
  if (!scans) return adapter;
  return {
    ...adapter,
    start: async (sink, signal) => {
      const over = new AbortController();
      const looking = scanOffers(adapter, { server, signal: AbortSignal.any([signal, over.signal]) });
      await adapter.start(sink, signal);
      over.abort();
      await looking;
    },
  };
}

async function scanOffers(
  { link }: AdapterPort,
  { server, signal }: { readonly server: string; readonly signal: AbortSignal },
): Promise<void> {
  let last = '';
  while (!signal.aborted) {
    const offer = link?.offer() ?? null;
    if (offer !== null && offer.text !== last) {
      last = offer.text;
      await fetch(`${server}/scan`, { method: 'POST', body: offer.text, signal }).catch(() => (last = ''));
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
