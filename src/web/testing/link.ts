import type { ChannelReport, ControlSurface } from '#control/surface.ts';
import { TiroError } from '#core/errors.ts';
import type { LinkOffer } from '#core/ports/adapter.ts';

/** WhatsApp as a page sees it: what there is to scan, and whether it was. */
export interface TestLink {
  offer: LinkOffer | null;
  linked: boolean;
  why: string;
  lastEventAt: number | null;
}

/** As the adapter says it. */
export const notLinked = 'not linked: run `tiro channels link whatsapp` and scan the code';

type Name = 'channels.link' | 'channels.unlink';
type LinkCommands = {
  readonly [K in Name]: (input: ControlSurface[K]['input']) => Promise<ControlSurface[K]['output']>;
};

export function linkReport({ linked, why, lastEventAt }: TestLink): ChannelReport {
  const state = linked ? 'up' : 'down';
  return { name: 'whatsapp', state, why, since: 0, lastEventAt, changes: 1, linkable: true };
}

/** The commands about it, over a state in memory. */
export function fakeLinkCommands(link: TestLink): LinkCommands {
  return {
    'channels.link': async ({ phone }) => {
      if (phone === '0170') throw new TiroError('bad-input', 'phone: give the international number.');
      if (phone !== null) link.offer = { kind: 'code', text: 'ABCD1234', expiresAt: 0 };
      const { state, why } = linkReport(link);
      return { state, why, offer: link.offer, linked: link.linked };
    },
    'channels.unlink': async () => {
      Object.assign(link, { linked: false, why: notLinked, offer: null });
      return { unlinked: true };
    },
  };
}
