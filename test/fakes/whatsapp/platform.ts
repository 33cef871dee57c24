import type { FakePlatform } from '../platform.ts';
import { startFakeWhatsApp } from './index.ts';
import { whatsappSeam } from './seam.ts';

const group = '120363000000000001@g.us';
const ownNumber = '15550001111';

/** WhatsApp as suites see it that know no platform. Person 0 has the number 4917000000100. */
export async function startWhatsAppPlatform(): Promise<FakePlatform> {
  const fake = await startFakeWhatsApp();
  const number = (person: number): string => String(4_917_000_000_100 + person);
  return {
    name: 'whatsapp',
    url: fake.url,
    seam: whatsappSeam,
    config: (url) =>
      `{ mode: web, server: "${url}", rootKey: "${Buffer.from(fake.rootKey).toString('base64')}" }`,
    identity: (person) => `whatsapp:${number(person)}`,
    chat: (person) => ({ channel: 'whatsapp', chat: number(person), thread: null }),
    say: (person, text) => {
      const said = fake.say(fake.phone(number(person)), text);
      return () => void said.then(fake.again);
    },
    sayInGroup: (person, text) => {
      const extendedTextMessage = {
        text: `@${ownNumber} ${text}`,
        contextInfo: { mentionedJid: [fake.owner.jid] },
      };
      void fake.say(fake.phone(number(person)), '', { group, message: { extendedTextMessage } });
    },
    shown: (person) => fake.screen(number(person)).texts(),
    shownInGroup: () => fake.screen(group).texts(),
    trouble: (kind) => fake.trouble(kind),
    sendCalls: () => fake.calls.length,
    close: fake.close,
  };
}
