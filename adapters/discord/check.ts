import { z } from 'zod';
import type { Finding } from '#core/ports/adapter.ts';
import type { Client, Failure } from './client.ts';
import type { DiscordSettings } from './settings.ts';

export interface Checked {
  readonly client: Client;
  readonly settings: DiscordSettings;
  /** How the connection stands; null: none was begun in this process. */
  readonly standing: { readonly state: 'up' | 'down'; readonly why: string } | null;
}

const applicationSchema = z.object({ id: z.string(), name: z.string(), flags: z.number().default(0) });
const guildsSchema = z.array(
  z.object({ name: z.string(), permissions: z.string().regex(/^\d+$/).transform(BigInt) }),
);
type Guild = z.infer<typeof guildsSchema>[number];

/** For a bot in fewer than 100 servers, and for one that Discord has looked at. */
const messageContent = (1 << 19) | (1 << 18);
const administrator = 1n << 3n;
const rights = {
  'View Channels': 1n << 10n,
  'Send Messages': 1n << 11n,
  'Send Messages in Threads': 1n << 38n,
  'Read Message History': 1n << 16n,
  'Attach Files': 1n << 15n,
  'Add Reactions': 1n << 6n,
} as const;
const guildsShown = 10;
const portal = 'https://discord.com/developers/applications';

/** What doctor says: is the token good, does the bot see words, where is it a guest and what may it do there. */
export async function checkDiscord(
  { client, settings, standing }: Checked,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  client.trustToken();
  const application = await client.call({ path: '/applications/@me' }, applicationSchema, signal);
  if (!application.ok) return [unreachable(application.failure, settings)];
  const guilds = await client.call({ path: '/users/@me/guilds' }, guildsSchema, signal);
  const { id, name, flags } = application.value;
  return [
    ok(`Discord knows the bot's application as ${name}.`),
    (flags & messageContent) !== 0
      ? ok('It may read what people write (Message Content Intent).')
      : {
          level: 'fail',
          what: 'Message Content Intent is off: Discord refuses the connection.',
          fix: `Switch it on under ${portal}/${id}/bot, Privileged Gateway Intents, and save.`,
        },
    ...(guilds.ok ? guildFindings(guilds.value, id) : [unreachable(guilds.failure, settings)]),
    ...(standing === null ? [] : [connectionFinding(standing)]),
  ];
}

function guildFindings(guilds: readonly Guild[], application: string): readonly Finding[] {
  const invite = inviteLink(application);
  const fix = `Open ${invite} and choose a server. Who shares no server with the bot cannot write to it.`;
  if (guilds.length === 0) return [{ level: 'warn', what: 'The bot is in no server.', fix }];
  const names = guilds.slice(0, guildsShown).map(({ name }) => name);
  const more = guilds.length > guildsShown ? ` and ${guilds.length - guildsShown} more` : '';
  return [
    ok(`It is in ${guilds.length} server(s): ${names.join(', ')}${more}. Invite link: ${invite}`),
    ...guilds.flatMap((guild) => rightsFinding(guild, invite)),
  ];
}

/** Channels may take rights away again; that shows where a send is refused. */
function rightsFinding({ name, permissions }: Guild, invite: string): readonly Finding[] {
  const missing = Object.entries(rights).flatMap(([right, bit]) =>
    (permissions & bit) === 0n ? [right] : [],
  );
  if ((permissions & administrator) !== 0n || missing.length === 0) return [];
  const fix = `Open ${invite} once more for that server, or give the bot's role these rights under Server Settings → Roles.`;
  return [{ level: 'warn', what: `In ${name} it lacks: ${missing.join(', ')}.`, fix }];
}

export function inviteLink(application: string): string {
  const permissions = String(Object.values(rights).reduce((all, right) => all | right, 0n));
  const query = { client_id: application, scope: 'bot applications.commands', permissions };
  return `https://discord.com/oauth2/authorize?${new URLSearchParams(query).toString()}`;
}

function connectionFinding({ state, why }: NonNullable<Checked['standing']>): Finding {
  if (state === 'up') return ok('The connection stands.');
  const fix = 'Tiro connects again by itself; for lasting trouble see docs/channels/discord.md.';
  return { level: 'fail', what: `The connection is down: ${why}.`, fix };
}

function unreachable({ code, why }: Failure, { apiRoot }: DiscordSettings): Finding {
  if (code === 401) {
    const fix = `Open ${portal}, choose the application, Bot, Reset Token, and put it into channels.discord.token.`;
    return { level: 'fail', what: 'Discord refuses the bot token.', fix };
  }
  const fix = 'Check the network, a proxy or firewall on the way, and channels.discord.apiRoot.';
  return { level: 'fail', what: `${URL.parse(apiRoot)?.host} cannot be asked: ${why}.`, fix };
}

function ok(what: string): Finding {
  return { level: 'ok', what, fix: null };
}
