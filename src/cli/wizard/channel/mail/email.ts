import type { Probe, ProbeDeps } from '../../probe.ts';
import type { Check } from '../../prompts.ts';
import { greet } from './greeting.ts';
import { domainOf, type MailServer, serversOf } from './providers.ts';
import type { Candidate, ChannelPlatform, ChannelSetting, Found, Settings } from '../platform.ts';

export const email: ChannelPlatform = {
  name: 'email',
  title: 'Email',
  lead: 'a mailbox of its own',
  howTo: [
    'Take an address that is for Tiro alone: every mail that comes in there is read.',
    'Switch IMAP on in the settings of the mailbox, where the provider asks for that.',
    'Where the provider has app passwords (Gmail, iCloud, Yahoo, Fastmail), make one for Tiro.',
  ],
  apiRoot: null,
  modes: [
    {
      mode: null,
      label: '',
      hint: '',
      settings: [
        {
          key: 'address',
          what: 'The address',
          usual: () => null,
          asked: () => true,
          check: (text) =>
            /^[^\s@<>,]+@[^\s@<>,]+$/.test(text.trim())
              ? null
              : 'It must be an address such as tiro@example.org.',
        },
        ...server('imap'),
        ...server('smtp'),
      ],
      secrets: [
        {
          key: 'imap.password',
          also: ['smtp.password'],
          what: 'The password, or app password, of the mailbox',
          variable: 'EMAIL_PASSWORD',
          fileName: 'email-password',
          spaces: true,
        },
      ],
    },
  ],
  probe,
};

/** Of a well-known provider nothing is asked; of another its hosts and the name to log in with. */
function server(kind: 'imap' | 'smtp'): readonly ChannelSetting[] {
  const title = kind.toUpperCase();
  const known = (given: Settings): MailServer | null => serversOf(given['address'] ?? '')?.[kind] ?? null;
  const isUnknown = (given: Settings): boolean => known(given) === null;
  const usualPort = kind === 'imap' ? '993' : '465';
  return [
    {
      key: `${kind}.host`,
      what: `The ${title} server`,
      usual: (given) => known(given)?.host ?? `${kind}.${domainOf(given['address'] ?? '')}`,
      asked: isUnknown,
      check: (text) => (/^[A-Za-z0-9.:-]+$/.test(text.trim()) ? null : 'It must be the name of a server.'),
    },
    {
      key: `${kind}.port`,
      what: `Its port`,
      usual: (given) => String(known(given)?.port ?? usualPort),
      asked: isUnknown,
      check: checkPort,
      written: (text) => [[`${kind}.port`, Number(text)]],
    },
    {
      key: `${kind}.secure`,
      what: 'TLS from the first byte (true), or STARTTLS (false)',
      usual: (given) =>
        String(known(given)?.secure ?? !['143', '587', '25'].includes(given[`${kind}.port`] ?? '')),
      asked: () => false,
      check: (text) => (['true', 'false'].includes(text) ? null : 'It must be true or false.'),
      written: (text) => [[`${kind}.secure`, text === 'true']],
    },
    {
      key: `${kind}.user`,
      what: `The name to log in with at the ${title} server`,
      usual: (given) => (kind === 'smtp' ? given['imap.user'] : undefined) ?? given['address'] ?? null,
      asked: (given) => kind === 'imap' && isUnknown(given),
      check: (text) => (text.trim() === '' ? 'It is empty.' : null),
    },
  ];
}

function checkPort(text: string): ReturnType<Check> {
  const port = Number(text);
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? null : 'It must be a port, 1 to 65535.';
}

/** Whether both servers greet, over TLS. Logging in is left to the adapter, whose libraries are not loaded here. */
async function probe(deps: ProbeDeps, { settings }: Candidate): Promise<Probe<Found>> {
  const greeted = await Promise.all([
    greet(deps, 'imap', serverOf(settings, 'imap')),
    greet(deps, 'smtp', serverOf(settings, 'smtp')),
  ]);
  const failed = greeted.find(({ ok }) => !ok);
  if (failed !== undefined && !failed.ok) return failed;
  const address = settings['address'] ?? '';
  const note = serversOf(address)?.note ?? null;
  const steps = [
    ...(note === null ? [] : [note]),
    'Try the password: tiro doctor logs in at both servers once the gateway runs (it was not tried here).',
  ];
  return { ok: true, value: { bot: address, said: 'Both servers answer, over TLS', steps } };
}

function serverOf(settings: Settings, kind: 'imap' | 'smtp'): MailServer {
  const host = settings[`${kind}.host`] ?? '';
  return { host, port: Number(settings[`${kind}.port`]), secure: settings[`${kind}.secure`] === 'true' };
}
