import type { Command } from 'commander';
import { TiroError } from '#core/errors.ts';
import type { ChannelReport, ControlSurface } from '#control/surface.ts';
import { addCommand, addGroup, argument, type Bind, type CommandContext, exitCodes } from '../../command.ts';
import type { ControlClient } from '../../gateway/control-client.ts';
import { formatAge } from '../../output/format.ts';
import { oneLine } from '../../output/text.ts';
import type { AddOptions } from '../../wizard/channel/add.ts';

/** `tiro channels [list|add|link|unlink]` */
export function register(program: Command, bind: Bind): void {
  const group = addGroup(program, {
    name: 'channels',
    summary: 'the connected channels, and adding one',
    examples: [
      ['channels', 'each channel, up or down, why, and what can be done'],
      ['channels add discord', 'asks, tries it live, and writes config.yaml'],
      ['channels link whatsapp', 'shows the QR code that your phone scans'],
    ],
  });
  addCommand(
    group,
    { name: 'list', summary: 'each channel, up or down, why, and what can be done', examples: [] },
    { isDefault: true },
  ).action(bind(list));
  registerAdd(group, bind);
  registerLink(group, bind);
}

function registerLink(group: Command, bind: Bind): void {
  addCommand(group, {
    name: 'link',
    summary: 'let a channel in from your phone: shows what to scan or type until it is linked',
    examples: [
      ['channels link whatsapp', 'the QR code, here in the terminal'],
      [
        'channels link whatsapp --phone 4917012345678',
        'a code to type on the phone with this number instead',
      ],
      ['channels link --json', 'a line of JSON per code, and one when it is linked'],
    ],
  })
    .argument('[name]', 'the channel (default: the one that a phone lets in)')
    .option('--phone <number>', 'a code to type instead of a QR code; the number with its country code')
    .action(
      bind<{ readonly phone?: string }>(async (context, [name = null], { phone = null }) => {
        const { linkChannel } = await import('../../link/link.ts');
        return linkChannel(context, { name, phone });
      }),
    );
  addCommand(group, {
    name: 'unlink',
    summary: 'make the phone forget this gateway; its keys are deleted here',
    examples: [['channels unlink whatsapp', 'nothing comes in until it is linked again']],
  })
    .argument('<name>', 'the channel')
    .action(
      bind(async (context, args) => {
        const { unlinkChannel } = await import('../../link/link.ts');
        return unlinkChannel(context, argument(args, 0));
      }),
    );
}

function registerAdd(group: Command, bind: Bind): void {
  addCommand(group, {
    name: 'add',
    summary: 'set a channel up: telegram, discord, slack, whatsapp, email or webhook',
    examples: [
      ['channels add telegram', 'asks for the token and tries it'],
      ['channels add slack --from-env', 'config.yaml will name SLACK_BOT_TOKEN and SLACK_APP_TOKEN'],
      ['channels add discord --stdin < token', 'kept in a file that only you can read'],
      ['channels add whatsapp --mode web', 'then: tiro channels link whatsapp'],
      ['channels add email --set address=tiro@gmx.net --from-env', 'config.yaml will name EMAIL_PASSWORD'],
      ['channels add webhook --set name=ci', 'asks for the rest; the secret is shown once'],
    ],
  })
    .argument('<name>', 'telegram, discord, slack, whatsapp, email or webhook')
    .option('--from-env', 'take the secrets from their usual variables, without questions')
    .option('--stdin', 'read the secrets from standard input, one a line, without questions')
    .option('--mode <mode>', 'slack: socket (default) or http; whatsapp: web (default) or cloud')
    .option('--set <key=value>', 'answers a question that is about no secret; may be repeated', collect)
    .option('--api-root <url>', 'another address of the platform’s API')
    .option('--no-check', 'do not ask the platform whether the secrets are right')
    .action(bind(add));
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

async function list({ withControl, print, json, deps }: CommandContext): Promise<number> {
  const { channels, findings, isRunning } = await withControl(async (client) => {
    const reports = await client.run('channels.list', {});
    const isRunning = client.gateway !== null;
    return { channels: reports, findings: await troubles(client, reports), isRunning };
  });
  const now = deps.clock.now();
  if (json) {
    const mine = channels.map((channel) => {
      const found = findings.filter(({ area }) => area === channel.name);
      const told = { ...channel, lastEvent: lastEventOf(channel, now) };
      return found.length === 0 ? told : { ...told, findings: found };
    });
    print.json(mine);
    return exitCodes.done;
  }
  const rows = channels.map((channel) => [
    channel.name,
    channel.state,
    formatAge(channel.since, now),
    lastEventOf(channel, now),
    channel.why,
  ]);
  print.table(['CHANNEL', 'STATE', 'SINCE', 'LAST MESSAGE', 'WHY'], rows);
  if (!isRunning) print.line(`${print.paint('bad', 'No gateway runs here')}; start it with: tiro start`);
  for (const { name } of channels.filter((channel) => isRunning && isSilent(channel, now))) {
    print.line(
      `${print.paint('warn', name)}: linked is not receiving, and nothing came in for a day or since the start.`,
    );
    print.line('    Write to it from another phone; if that does not appear here, link it anew.');
  }
  for (const { area, what, fix } of findings) {
    print.line(`${print.paint('bad', area)}: ${oneLine(what)}`);
    if (fix !== null) print.line(`    ${oneLine(fix)}`);
  }
  return exitCodes.done;
}

const silentMs = 86_400_000;

/** A phone can have a gateway among its devices that gets nothing any more: only a message shows that it does. */
function isSilent({ linkable, state, lastEventAt, since }: ChannelReport, now: number): boolean {
  return linkable === true && state === 'up' && now - (lastEventAt ?? since - silentMs) >= silentMs;
}

function lastEventOf({ lastEventAt }: ChannelReport, now: number): string {
  return lastEventAt === null ? 'none since the start' : formatAge(lastEventAt, now);
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
    for (const [key, value] of Object.entries(added.made)) {
      print.line(`${key}, shown this once: ${print.paint('strong', value)}`);
    }
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
