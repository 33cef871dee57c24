import { TiroError } from '#core/errors.ts';
import type { AdapterPort, LinkOffer, LinkPort } from '#core/ports/adapter.ts';
import type { ChannelReport, ControlSurface } from './surface.ts';

export interface LinksDeps {
  readonly adapters: readonly Pick<AdapterPort, 'name' | 'link'>[];
  readonly channels: () => readonly ChannelReport[];
}

type Links = {
  readonly [K in 'channels.link' | 'channels.unlink']: (
    input: ControlSurface[K]['input'],
  ) => Promise<ControlSurface[K]['output']>;
};

/** The channels that a phone lets in. An offer goes to the caller and nowhere else: no row, no log, no status. */
export function createLinks(deps: LinksDeps): Links {
  return {
    'channels.link': async ({ channel, phone }) => {
      const link = linkOf(deps, channel);
      const before = stateOf(deps, channel);
      const isWanted = phone !== null && !isLinked(before, link.offer());
      const offer = isWanted ? await link.byCode(phoneDigits(phone)) : link.offer();
      const { state, why } = stateOf(deps, channel);
      return { state, why, offer, linked: isLinked({ state }, offer) };
    },
    'channels.unlink': async ({ channel }) => {
      await linkOf(deps, channel).unlink();
      return { unlinked: true };
    },
  };
}

/** Connected, and nothing to scan: only a link that holds connects. */
function isLinked({ state }: Pick<ChannelReport, 'state'>, offer: LinkOffer | null): boolean {
  return state === 'up' && offer === null;
}

function linkOf({ adapters }: LinksDeps, channel: string): LinkPort {
  const adapter = adapters.find(({ name }) => name === channel);
  if (adapter === undefined) {
    throw new TiroError(
      'bad-input',
      `channel: ${channel} is not connected here. Add it with tiro channels add, then start the gateway again.`,
    );
  }
  if (adapter.link !== undefined) return adapter.link;
  const message = `channel: ${channel} is not linked by a phone; what it needs stands in config.yaml.`;
  throw new TiroError('bad-input', message);
}

function stateOf({ channels }: LinksDeps, channel: string): Pick<ChannelReport, 'state' | 'why'> {
  return channels().find(({ name }) => name === channel) ?? { state: 'down', why: 'not started' };
}

/** `+49 (170) 123-45` → `4917012345`. */
function phoneDigits(phone: string): string {
  const digits = phone.replaceAll(/[\s().+-]/g, '');
  if (/^[1-9]\d{6,14}$/.test(digits)) return digits;
  const example = 'with the country code and without a leading 0, such as 4917012345678';
  throw new TiroError('bad-input', `phone: give the international number, ${example}.`);
}
