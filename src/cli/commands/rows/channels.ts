import type { Command } from 'commander';
import { TiroError } from '#core/errors.ts';
import type { ChannelReport, ControlSurface } from '#control/surface.ts';
import { addCommand, addGroup, argument, type Bind, type CommandContext, exitCodes } from '../../command.ts';
import type { ControlClient } from '../../gateway/control-client.ts';
import { formatAge } from '../../output/format.ts';
import { oneLine } from '../../output/text.ts';
import type { AddOptions } from '../../wizard/channel/add.ts';

/** `tiro channels [list|add]` */
export function register(program: Command, bind: Bind): void {
  const group = addGroup(program, {
    name: 'channels',
    summary: 'the connected channels, and adding one',
    examples: [
      ['channels', 'each channel, up or down, why, and what can be done'],
      ['channels add discord', 'asks, tries it live, and writes config.yaml'],
    ],
  });
  addCommand(
    group,
    { name: 'list', summary: 'each channel, up or down, why, and what can be done', examples: [] },
    { isDefault: true },
  ).action(bind(list));
  addCommand(group, {
    name: 'add',
    summary: 'set a channel up: telegram, discord or slack',
    examples: [
      ['channels add telegram', 'asks for the token and tries it'],
      ['channels add slack --from-env', 'config.yaml will name SLACK_BOT_TOKEN and SLACK_APP_TOKEN'],
      ['channels add discord --stdin < token', 'kept in a file that only you can read'],
    ],
  })
    .argument('<name>', 'telegram, discord or slack')
    .option('--from-env', 'take the secrets from their usual variables, without questions')
    .option('--stdin', 'read the secrets from standard input, one a line, without questions')
    .option('--mode <mode>', 'slack: socket (default) or http')
    .option('--api-root <url>', 'another address of the platform’s API')
    .option('--no-check', 'do not ask the platform whether the secrets are right')
    .action(bind(add));
}

async function list({ withControl, print, json, deps }: CommandContext): Promise<number> {
  const { channels, findings, isRunning } = await withControl(async (client) => {
    const reports = await client.run('channels.list', {});
    const isRunning = client.gateway !== null;
    return { channels: reports, findings: await troubles(client, reports), isRunning };
  });
  if (json) {
    const mine = channels.map((channel) => ({
      channel,
      found: findings.filter(({ area }) => area === channel.name),
    }));
    print.json(
      mine.map(({ channel, found }) => (found.length === 0 ? channel : { ...channel, findings: found })),
    );
    return exitCodes.done;
  }
  const now = deps.clock.now();
  const rows = channels.map((channel) => [
    channel.name,
    channel.state,
    formatAge(channel.since, now),
    channel.lastEventAt === null ? '-' : formatAge(channel.lastEventAt, now),
    channel.why,
  ]);
  print.table(['CHANNEL', 'STATE', 'SINCE', 'LAST MESSAGE', 'WHY'], rows);
  if (!isRunning) print.line(`${print.paint('bad', 'No gateway runs here')}; start it with: tiro start`);
  for (const { area, what, fix } of findings) {
    print.line(`${print.paint('bad', area)}: ${oneLine(what)}`);
    if (fix !== null) print.line(`    ${oneLine(fix)}`);
  }
  return exitCodes.done;
}

type Findings = ControlSurface['doctor']['output'];

/** What doctor says of the channels that are down; nothing where no gateway runs, for then all are. */
async function troubles(client: ControlClient, channels: readonly ChannelReport[]): Promise<Findings> {
  if (client.gateway === null) return [];
  const down = channels.filter(({ state }) => state === 'down');
  const found = await Promise.all(
    down.map(({ name }) => client.run('doctor', { offline: false, area: name })),
  );
  return found.flat().filter(({ level }) => level !== 'ok');
}

async function add(context: CommandContext, args: readonly string[], options: AddOptions): Promise<number> {
  const { channelPlatforms } = await import('../../wizard/channel/index.ts');
  const name = argument(args, 0);
  const platform = channelPlatforms.find((one) => one.name === name);
  if (platform === undefined) {
    const names = channelPlatforms.map((one) => one.name).join(', ');
    throw new TiroError('bad-input', `There is no channel ${name} to add; there are ${names}.`);
  }
  const { apiRoot } = options;
  if (apiRoot !== undefined && !/^https?:$/.test(URL.parse(apiRoot)?.protocol ?? '')) {
    throw new TiroError('bad-input', '--api-root: it must be a URL that begins with http:// or https://.');
  }
  await refuseBroken(context, name);
  const { addChannel } = await import('../../wizard/channel/add.ts');
  const added = await addChannel(context, platform, options);
  if (added === null) return exitCodes.done;
  const { print, json } = context;
  if (json) print.json(added);
  else {
    const who = added.bot === null ? '' : `, ${added.bot}`;
    print.line(`${platform.title}${who}: written to ${added.path}`);
    for (const [index, step] of added.next.entries()) print.line(`${index + 1}. ${step}`);
  }
  return exitCodes.done;
}

/** What the command does not replace must be good, or nothing could be written in the end. */
async function refuseBroken({ home }: CommandContext, name: string): Promise<void> {
  const checked = await home.check();
  if (checked.ok) return;
  const others = checked.problems.filter(({ path }) => !`${path}.`.startsWith(`channels.${name}.`));
  if (others.length === 0) return;
  const lines = others.map(({ path, message, fix }) => `  ${path} ${message}. ${fix}`);
  throw new TiroError('bad-config', `mend the configuration first.\n${lines.join('\n')}`);
}
