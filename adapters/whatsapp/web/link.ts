import { TiroError } from '#core/errors.ts';
import type { LinkOffer, LinkPort } from '#core/ports/adapter.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { LinkState } from './connect.ts';

/** Somebody who asked for an offer looks again within this time. */
const wantedMs = 90_000;
const codeForMs = 160_000;
const offerWaitMs = 20_000;
const lookMs = 50;
const loggedOut = 401;

/** QR codes and codes to type, which WhatsApp is asked for only while somebody looks. */
export function createLink({ clock }: { readonly clock: ClockPort }, state: LinkState): LinkPort {
  const isLinked = (): boolean => state.keys?.isLinked() ?? false;
  const want = (): void => {
    state.wantedUntil = clock.elapsed() + wantedMs;
    state.wake();
  };
  return {
    offer: () => {
      if (isLinked()) return null;
      want();
      const { offer } = state;
      return offer !== null && offer.expiresAt > clock.now() ? offer : null;
    },
    async byCode(phone) {
      if (!/^\d{7,15}$/.test(phone))
        throw new TiroError('bad-input', 'The phone number must be digits only, beginning with the country.');
      if (isLinked()) throw new TiroError('conflict', 'It is linked already: unlink it first.');
      want();
      // A code can be asked for as soon as WhatsApp offers to link.
      const askedAt = clock.elapsed();
      while (state.offer === null && clock.elapsed() - askedAt < offerWaitMs) await clock.sleep(lookMs);
      const { line } = state;
      if (state.offer === null || line === null)
        throw new TiroError('unavailable', 'WhatsApp offers no link at the moment: try again.');
      const text = await line.sock.requestPairingCode(phone).catch(() => {
        throw new TiroError('unavailable', 'WhatsApp gave no code: try again.');
      });
      const offer: LinkOffer = { kind: 'code', text, expiresAt: clock.now() + codeForMs };
      state.offer = offer;
      return offer;
    },
    async unlink() {
      const { line, keys } = state;
      state.lostBy = 'unlinked';
      if (line?.isOpen() === true) await line.sock.logout().catch(() => undefined);
      line?.close(loggedOut);
      await keys?.forget();
      state.keys = null;
      state.offer = null;
    },
  };
}
