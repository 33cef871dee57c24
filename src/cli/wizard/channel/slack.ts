import { z } from 'zod';
import { type Probe, type ProbeDeps, ask } from '../probe.ts';
import type { Candidate, ChannelPlatform, ChannelSecret, Found } from './platform.ts';

const botToken: ChannelSecret = {
  key: 'botToken',
  what: 'The bot token (xoxb-…, under OAuth & Permissions)',
  variable: 'SLACK_BOT_TOKEN',
  fileName: 'slack-bot-token',
};
const appToken: ChannelSecret = {
  key: 'appToken',
  what: 'The app-level token (xapp-…, under Basic Information)',
  variable: 'SLACK_APP_TOKEN',
  fileName: 'slack-app-token',
};
const signingSecret: ChannelSecret = {
  key: 'signingSecret',
  what: 'The signing secret (under Basic Information)',
  variable: 'SLACK_SIGNING_SECRET',
  fileName: 'slack-signing-secret',
};

export const slack: ChannelPlatform = {
  name: 'slack',
  title: 'Slack',
  lead: 'a bot of your own',
  howTo: [
    'Open https://api.slack.com/apps?new_app=1, choose “From a manifest” and paste the one of docs/channels/slack.md.',
    'Press Install to Workspace; under OAuth & Permissions copy the bot token (xoxb-…).',
    'Under Basic Information make an app-level token with the scope connections:write (xapp-…); for HTTP mode copy the signing secret instead.',
  ],
  apiRoot: 'https://slack.com/api/',
  modes: [
    {
      mode: 'socket',
      label: 'Socket mode',
      hint: 'Tiro calls Slack: no public address is needed',
      settings: [],
      secrets: [botToken, appToken],
    },
    {
      mode: 'http',
      label: 'HTTP mode',
      hint: 'Slack calls Tiro at https://…/hooks/slack',
      settings: [],
      secrets: [botToken, signingSecret],
    },
  ],
  probe,
};

const answerSchema = z.union([
  z.object({ ok: z.literal(true), user: z.string().optional(), team: z.string().optional() }),
  z.object({ ok: z.literal(false), error: z.string().regex(/^[a-z_]{1,64}$/) }),
]);
type Answer = z.infer<typeof answerSchema>;

/** auth.test with the bot token; in socket mode also whether the app token may open a connection. */
async function probe(deps: ProbeDeps, { apiRoot, mode, secrets }: Candidate): Promise<Probe<Found>> {
  const call = (method: string, token: string | undefined): Promise<Probe<Answer>> =>
    callSlack(deps, { apiRoot, method, token: token ?? '' });
  const bot = await call('auth.test', secrets['botToken']);
  if (!bot.ok) return bot;
  if (!bot.value.ok)
    return {
      ok: false,
      why: `Slack does not take the bot token (${bot.value.error}). It begins with xoxb- and stands under OAuth & Permissions.`,
    };
  if (mode === 'socket') {
    const app = await call('apps.connections.open', secrets['appToken']);
    if (!app.ok) return app;
    if (!app.value.ok) {
      const why = `Slack does not take the app-level token (${app.value.error}). It begins with xapp- and needs the scope connections:write.`;
      return { ok: false, why };
    }
  }
  const { user = 'your app', team = 'your workspace' } = bot.value;
  const steps = [
    ...(mode === 'http'
      ? ['Under Event Subscriptions and Interactivity give Slack the address https://YOUR-HOST/hooks/slack.']
      : []),
    `In ${team}, invite it where it shall listen: /invite @${user}`,
  ];
  return { ok: true, value: { bot: `@${user} in ${team}`, steps } };
}

async function callSlack(
  deps: ProbeDeps,
  { apiRoot, method, token }: { readonly apiRoot: string; readonly method: string; readonly token: string },
): Promise<Probe<Answer>> {
  const ifNowhere = 'Does --api-root end in /api/?';
  const question = { baseUrl: apiRoot, apiKey: token, path: `/${method}`, body: {}, ifNowhere };
  const answered = await ask(deps, question);
  if (!answered.ok) return answered;
  const parsed = answerSchema.safeParse(answered.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, why: 'Slack answered with something unexpected.' };
}
