import type { UserFromGetMe, WebhookInfo } from 'grammy/types';
import type { Finding } from '#core/ports/adapter.ts';
import type { Client, Failure } from './client.ts';
import type { Groups } from './groups.ts';
import type { TelegramSettings } from './settings.ts';

interface Deps {
  readonly client: Client;
  readonly groups: Groups;
}

/** What doctor says: is the token good, what does the bot see in groups, do updates come through. */
export async function checkTelegram(
  deps: Deps,
  settings: TelegramSettings,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { client } = deps;
  const me = await client.call((api) => api.getMe(), signal);
  if (!me.ok) return [unreachable(me.failure, settings)];
  const hook = await client.call((api) => api.getWebhookInfo(), signal);
  return [
    finding('ok', `Telegram knows the bot as @${me.value.username}.`, null),
    me.value.can_read_all_group_messages
      ? finding('ok', 'In groups it sees every message (privacy mode is off).', null)
      : finding(
          'ok',
          'In groups it sees only commands, mentions and replies to it (privacy mode is on).',
          'For access.groups: all, send /setprivacy to @BotFather, choose Disable, then take the bot out of the group and add it again.',
        ),
    ...(await groupFindings(deps, me.value, signal)),
    ...(hook.ok ? webhookFindings(hook.value, settings) : [unreachable(hook.failure, settings)]),
  ];
}

/** Doctor has ten seconds. */
const groupsAsked = 10;

/** Of the groups that it heard something from: is it still in there, may it write. */
async function groupFindings({ client, groups }: Deps, me: UserFromGetMe, signal: AbortSignal) {
  const inGroups = (await groups.all()).slice(-groupsAsked).map(async (group) => {
    const member = await client.call((api) => api.getChatMember(group, me.id), signal);
    const isRefused = !member.ok && (member.failure.code === 400 || member.failure.code === 403);
    if (isRefused || (member.ok && ['left', 'kicked'].includes(member.value.status)))
      return finding(
        'warn',
        `It is not in the group ${group} any more.`,
        'Add the bot again, if it should be.',
      );
    const isMuted = member.ok && member.value.status === 'restricted' && !member.value.can_send_messages;
    const fix = 'Give the bot the right to send messages, or make it an administrator of the group.';
    return isMuted ? finding('warn', `It may not write in the group ${group}.`, fix) : null;
  });
  const fix = 'If it should be in some, send /setjoingroups to @BotFather and choose Enable.';
  const closed = me.can_join_groups ? null : finding('warn', 'It cannot be added to groups.', fix);
  return [closed, ...(await Promise.all(inGroups))].filter((found) => found !== null);
}

function webhookFindings(info: WebhookInfo, settings: TelegramSettings): readonly Finding[] {
  const { url: current = '', last_error_message: trouble, pending_update_count: waiting } = info;
  const wanted = settings.webhook?.url ?? '';
  if (current !== wanted) {
    const now = current === '' ? 'no webhook is set' : `a webhook to ${hostOf(current)} is set`;
    const expected = wanted === '' ? 'Tiro polls' : `Tiro expects one to ${hostOf(wanted)}`;
    const fix =
      'Tiro puts this right when it starts. If it comes back, another program uses this bot: give one of them a bot of its own.';
    return [finding('warn', `${expected}, but ${now}.`, fix)];
  }
  if (wanted === '') return [];
  if (trouble === undefined) return [finding('ok', 'Telegram delivers to the webhook.', null)];
  const what = `Telegram's last delivery to the webhook failed: ${trouble} (${waiting} waiting).`;
  const fix =
    'The address must be reachable from the internet over HTTPS and lead to /hooks/telegram of this gateway. Or remove channels.telegram.webhook to poll instead.';
  return [finding('warn', what, fix)];
}

function unreachable(failure: Failure, settings: TelegramSettings): Finding {
  if (failure.code === 401 || failure.code === 404) {
    const fix =
      'Send /mybots to @BotFather, choose the bot, then API Token, and put it into channels.telegram.token.';
    return finding('fail', 'Telegram refuses the bot token.', fix);
  }
  const fix = 'Check the network, a proxy or firewall on the way, and channels.telegram.apiRoot.';
  return finding('fail', `${hostOf(settings.apiRoot)} cannot be asked: ${failure.why}.`, fix);
}

function finding(level: Finding['level'], what: string, fix: string | null): Finding {
  return { level, what, fix };
}

/** Only the host: the path of a webhook may be a secret. */
function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'an address that cannot be read';
}
