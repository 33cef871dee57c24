import { parseChatKey } from '#core/address.ts';
import type { Check } from '../prompts.ts';
import type { Probe, ProbeDeps } from '../probe.ts';
import type { Candidate, ChannelPlatform, Found, Settings } from './platform.ts';

const prompt =
  'Something called this webhook. Say in two sentences what happened and whether somebody must act:\n\n{{body}}';

export const webhook: ChannelPlatform = {
  name: 'webhook',
  title: 'Webhooks',
  lead: 'an address that another program calls',
  howTo: [
    'Each endpoint has a name (its address is /hooks/NAME), a secret that both sides know, a prompt, and a place for the answer.',
    'Choose the way the other program signs: GitHub’s, Standard Webhooks (standardwebhooks.com), or a plain HMAC.',
    'The secret can be made up here; it is shown once.',
  ],
  apiRoot: null,
  entry: { map: 'endpoints', setting: 'name' },
  noPairing: true,
  modes: [
    {
      mode: null,
      label: '',
      hint: '',
      settings: [
        {
          key: 'name',
          what: 'The name of the endpoint',
          usual: () => null,
          asked: () => true,
          check: checkName,
        },
        {
          key: 'scheme',
          what: 'How does the other program sign?',
          usual: () => 'standard',
          asked: () => true,
          check: (text) =>
            ['standard', 'github', 'hmac-sha256'].includes(text)
              ? null
              : 'It must be standard, github or hmac-sha256.',
          choices: [
            {
              value: 'standard',
              label: 'Standard Webhooks',
              hint: 'webhook-id, webhook-timestamp, webhook-signature',
            },
            { value: 'github', label: 'GitHub', hint: 'x-hub-signature-256' },
            { value: 'hmac-sha256', label: 'Plain HMAC-SHA256', hint: 'hex, in a header that you can name' },
          ],
        },
        {
          key: 'prompt',
          what: 'What shall be made of it? {{body}} stands for what was sent, {{a.b}} for a value in it',
          usual: () => prompt,
          asked: () => true,
          check: (text) => (text.trim() === '' ? 'It is empty.' : null),
        },
        {
          key: 'replyTo',
          what: 'Where does the answer go? A chat such as telegram:7, or a URL that is called with it',
          usual: () => null,
          asked: () => true,
          check: checkReplyTo,
          written: (text) => [[isUrl(text) ? 'replyTo.url' : 'replyTo', text]],
        },
      ],
      secrets: [
        {
          key: 'secret',
          what: 'The secret that the other program signs with',
          variable: 'WEBHOOK',
          fileName: 'webhook',
          generate: (random, { scheme }) => (scheme === 'standard' ? standardSecret(random) : random),
        },
        {
          key: 'replyTo.secret',
          what: 'The secret that the answer to the URL is signed with',
          variable: 'WEBHOOK_REPLY',
          fileName: 'webhook-reply',
          generate: standardSecret,
          needed: ({ replyTo }) => isUrl(replyTo ?? ''),
        },
      ],
    },
  ],
  probe,
};

function checkReplyTo(text: string, channels: readonly string[] | null): ReturnType<Check> {
  if (isUrl(text)) return null;
  const channel = parseChatKey(text)?.channel;
  if (channel === undefined) {
    return 'It must be a chat such as telegram:7 (tiro conversations shows them), or a URL that begins with https://.';
  }
  const heard = channels?.filter((name) => name !== 'webhook') ?? null;
  if (heard === null || heard.includes(channel)) return null;
  return heard.length === 0
    ? 'No channel is set up that could hear it: give a URL, or add a channel first.'
    : `It must be a chat of a channel that is set up (${heard.join(', ')}), or a URL.`;
}

/** /hooks/NAME of these belongs to the channel of that name. */
const taken = new Set(['telegram', 'discord', 'slack', 'whatsapp', 'email', 'webhook', 'web', 'cli', 'api']);

function checkName(text: string): ReturnType<Check> {
  if (taken.has(text)) return `It is called like a channel: take another name, such as ${text}-1.`;
  return /^[a-z0-9][a-z0-9-]{0,31}$/.test(text) ? null : 'Use small letters, digits and -, at most 32.';
}

function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

/** As standardwebhooks.com writes it: the key in base 64, behind `whsec_`. */
function standardSecret(random: string): string {
  return `whsec_${Buffer.from(random, 'hex').toString('base64')}`;
}

/** Nobody can be asked: the other program calls, not Tiro. */
async function probe(_deps: ProbeDeps, { settings }: Candidate): Promise<Probe<Found>> {
  const name = settings['name'] ?? '';
  const steps = [
    `Give the other program the address https://YOUR-HOST/hooks/${name} and the secret.`,
    `Try it in a shell of this machine: ${tryLine(settings)}`,
  ];
  return { ok: true, value: { bot: `/hooks/${name}`, said: 'Nobody can be asked', steps } };
}

/** A call as the other program makes it, for a shell, another one each second. Node signs: it is there wherever Tiro is. */
export function tryLine({ name = '', scheme = '' }: Settings): string {
  const isStandard = scheme === 'standard';
  const key = isStandard ? 'Buffer.from(e.S.slice(6),"base64")' : 'e.S';
  const signed = isStandard ? '[e.I,e.T,e.B].join(".")' : 'e.B';
  const hash = `require("crypto").createHmac("sha256",${key}).update(${signed}).digest("${isStandard ? 'base64' : 'hex'}")`;
  const signature = `$(node -p 'e=process.env;${hash}')`;
  const headers: Readonly<Record<string, readonly string[]>> = {
    standard: ['webhook-id: $I', 'webhook-timestamp: $T', `webhook-signature: v1,${signature}`],
    github: [`x-hub-signature-256: sha256=${signature}`],
    'hmac-sha256': [`x-signature-256: sha256=${signature}`],
  };
  const sent = ['content-type: application/json', ...(headers[scheme] ?? [])].map((one) => `-H "${one}"`);
  const values = `export S='THE SECRET' T=$(date +%s); export I=try-$T B='{"try":'$T'}'`;
  const shown = `-sSw ' %{http_code}\\n'`;
  return `${values}; curl ${shown} ${sent.join(' ')} -d "$B" http://127.0.0.1:4180/hooks/${name}`;
}
