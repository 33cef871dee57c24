import { z } from 'zod';
import type { Finding } from '#core/ports/adapter.ts';
import type { Client, Failure } from './client.ts';
import type { Intake } from './receive.ts';
import type { SlackSettings } from './settings.ts';

/** Scopes of the bot token and what is missing without them. */
const scopes: Readonly<Record<string, string>> = {
  'chat:write': 'it cannot answer',
  'im:history': 'it does not hear direct messages',
  'app_mentions:read': 'it does not hear mentions in channels',
  'channels:history': 'in public channels it hears mentions only, and reads nothing back after an outage',
  'groups:history': 'in private channels it hears mentions only, and reads nothing back after an outage',
  'mpim:history': 'it does not hear group messages',
  'im:read': 'after an outage it does not see direct messages of people it never spoke to',
  'channels:read': 'after an outage it does not see channels it was new in',
  'groups:read': 'after an outage it does not see private channels it was new in',
  'mpim:read': 'after an outage it does not see group messages it was new in',
  'users:read': 'people have ids instead of names, and the app is not checked',
  commands: '/tiro does not work',
  'files:read': 'it cannot read files',
  'files:write': 'it cannot send files',
  'reactions:read': 'it does not hear reactions',
  'reactions:write': 'it cannot react',
  'assistant:write': 'it does not show that it is thinking',
};
const needed = new Set(['chat:write', 'im:history']);

const meSchema = z.object({
  user: z.string().default('?'),
  team: z.string().default('?'),
  app_id: z.string().optional(),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});

/** What doctor says: are the tokens good, of one app, allowed enough, and is there a socket to be had. */
export async function checkSlack(
  deps: { readonly client: Client; readonly app: Client | null; readonly intake: Intake },
  settings: SlackSettings,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const me = await deps.client.call(async (api) => meSchema.parse(await api.auth.test()), signal);
  if (!me.ok) return [unreachable(me.failure, settings)];
  const { user, team, response_metadata: more } = me.value;
  const bot = await deps.intake.identify(signal);
  return [
    { level: 'ok', what: `Slack knows the bot as @${user} in the workspace ${team}.`, fix: null },
    ...scopeFindings(more?.scopes ?? []),
    deps.app === null ? httpFinding : await socketFinding(deps.app, bot.ok ? bot.value.app : null, signal),
    { level: 'ok', what: 'Which events the app hears, Slack does not tell.', fix: hearing },
  ];
}

const reinstall = 'OAuth & Permissions → Scopes → Bot Token Scopes: add it, then Reinstall to Workspace.';
const hearing =
  'If it is deaf: api.slack.com/apps, the app, Event Subscriptions → Subscribe to bot events, as in the manifest of docs/channels/slack.md.';

function scopeFindings(granted: readonly string[]): readonly Finding[] {
  if (granted.length === 0) return [];
  const missing = Object.entries(scopes).filter(([scope]) => !granted.includes(scope));
  if (missing.length === 0) return [{ level: 'ok', what: 'The token has every scope.', fix: null }];
  return missing.map(([scope, without]) => ({
    level: needed.has(scope) ? 'fail' : 'warn',
    what: `The bot token lacks the scope ${scope}: ${without}.`,
    fix: reinstall,
  }));
}

const httpFinding: Finding = {
  level: 'ok',
  what: 'Slack delivers over HTTP to /hooks/slack, which must be reachable from the internet over HTTPS.',
  fix: null,
};

async function socketFinding(app: Client, botApp: string | null, signal: AbortSignal): Promise<Finding> {
  const me = await app.call(async (api) => meSchema.parse(await api.auth.test()), signal);
  const ownApp = me.ok ? (me.value.app_id ?? null) : null;
  if (botApp !== null && ownApp !== null && botApp !== ownApp) {
    const what = `botToken and appToken are of two apps, ${botApp} and ${ownApp}: nothing would be heard.`;
    return { level: 'fail', what, fix: 'Take both tokens from the pages of one app at api.slack.com/apps.' };
  }
  const opened = await app.call((api) => api.apps.connections.open(), signal);
  if (opened.ok) return { level: 'ok', what: 'Slack offers a socket to the app token.', fix: null };
  const what = `Slack offers no socket to the app token: ${opened.failure.why}.`;
  const fix =
    'Basic Information → App-Level Tokens: make one with the scope connections:write for channels.slack.appToken; and switch on Socket Mode.';
  return { level: 'fail', what, fix };
}

function unreachable({ type, why }: Failure, { apiRoot }: SlackSettings): Finding {
  if (type === 'refused') {
    const fix =
      'api.slack.com/apps, the app, OAuth & Permissions: copy the Bot User OAuth Token into channels.slack.botToken.';
    return { level: 'fail', what: `Slack refuses the bot token: ${why}.`, fix };
  }
  const fix = 'Check the network, a proxy or firewall on the way, and channels.slack.apiRoot.';
  return { level: 'fail', what: `${new URL(apiRoot).host} cannot be asked: ${why}.`, fix };
}
