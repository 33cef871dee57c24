import { z } from 'zod';
import { type Probe, type ProbeDeps, ask } from '../probe.ts';
import type { Candidate, ChannelPlatform, Found } from './platform.ts';

export const whatsapp: ChannelPlatform = {
  name: 'whatsapp',
  title: 'WhatsApp',
  lead: 'two ways, and what each means',
  howTo: [
    'Linked device: Tiro joins a WhatsApp account of yours as WhatsApp Web does. Nothing has to be set up at Meta. WhatsApp’s terms do not allow it, and an account can be blocked: take a number that you can do without. Its library brings a part under the GPL (docs/licences.md).',
    'Cloud API: Meta’s own way, for a business number, with a public https address. Meta’s terms do not allow a general assistant as its main purpose.',
    'Both are told in full in docs/channels/whatsapp.md.',
  ],
  apiRoot: 'https://graph.facebook.com',
  separateModes: true,
  modes: [
    {
      mode: 'web',
      label: 'Linked device',
      hint: 'your phone scans a code; no public address',
      settings: [],
      secrets: [],
    },
    {
      mode: 'cloud',
      label: 'Cloud API',
      hint: 'a business number; Meta calls Tiro at https://…/hooks/whatsapp',
      settings: [
        {
          key: 'phoneNumberId',
          what: 'The Phone number ID (digits; under WhatsApp, API Setup)',
          usual: () => null,
          asked: () => true,
          check: (text) =>
            /^\d{5,32}$/.test(text.trim())
              ? null
              : 'It is a number of five digits or more, not the phone number itself.',
        },
      ],
      secrets: [
        {
          key: 'token',
          what: 'The access token of a system user (it does not expire; the one of API Setup does within a day)',
          variable: 'WHATSAPP_TOKEN',
          fileName: 'whatsapp-token',
        },
        {
          key: 'appSecret',
          what: 'The app secret (App settings, Basic)',
          variable: 'WHATSAPP_APP_SECRET',
          fileName: 'whatsapp-app-secret',
        },
        {
          key: 'verifyToken',
          what: 'The verify token, which you also give to Meta',
          variable: 'WHATSAPP_VERIFY_TOKEN',
          fileName: 'whatsapp-verify-token',
          generate: (random) => random,
        },
      ],
    },
  ],
  probe,
};

const numberSchema = z.object({ display_phone_number: z.string(), verified_name: z.string().optional() });

/** cloud: GET /PHONE_NUMBER_ID, which the token must be allowed to read. web: there is nobody to ask before it is linked. */
async function probe(
  deps: ProbeDeps,
  { mode, apiRoot, settings, secrets }: Candidate,
): Promise<Probe<Found>> {
  if (mode === 'web') {
    const steps = [
      'Know before you link it: WhatsApp’s terms do not allow it, the account can be blocked, and its library brings a part under the GPL (docs/channels/whatsapp.md, “Before you begin”).',
      'Link it: tiro channels link whatsapp shows a QR code (so does the page, under /channels/whatsapp); scan it with the phone, under Linked devices.',
    ];
    return { ok: true, value: { bot: 'the number of that phone', said: 'Nothing has to be tried', steps } };
  }
  const path = `/${settings['phoneNumberId'] ?? ''}?fields=display_phone_number,verified_name`;
  const ifNowhere = 'Does --api-root name the Graph API?';
  const answered = await ask(deps, {
    baseUrl: apiRoot,
    apiKey: secrets['token'] ?? '',
    path,
    body: null,
    ifNowhere,
  });
  if (!answered.ok) {
    if (!/answered (400|401|403)/.test(answered.why)) return answered;
    const why =
      'Meta does not take this token for this number. Is it the Phone number ID, and may the system user manage the app and the WhatsApp account?';
    return { ok: false, why };
  }
  const parsed = numberSchema.safeParse(answered.value);
  if (!parsed.success) return { ok: false, why: 'Meta answered with something unexpected.' };
  const { display_phone_number: number, verified_name: name } = parsed.data;
  const steps = [
    'Know before you go on: Meta’s terms do not allow a general assistant as the main purpose of the account (docs/channels/whatsapp.md).',
    'Under WhatsApp, Configuration give Meta the callback URL https://YOUR-HOST/hooks/whatsapp and the verify token, and subscribe to messages.',
  ];
  return { ok: true, value: { bot: name === undefined ? number : `${name} (${number})`, steps } };
}
