import type { Command } from 'commander';
import type { Role } from '#core/person.ts';
import { addCommand, addGroup, type Bind, type CommandContext, oneOf } from '../../command.ts';
import { formatAge, formatTime } from '../../output/format.ts';

const roles: readonly Role[] = ['owner', 'member', 'guest'];

interface LocaleOptions {
  readonly timezone?: string;
  readonly language?: string;
}

interface PairOptions extends LocaleOptions {
  readonly as?: string;
  readonly role?: Role;
}

/** `tiro people [list|pair [CODE]|refuse CODE|link [HANDLE]|set HANDLE|remove IDENTITY]` */
export function register(program: Command, bind: Bind): void {
  const group = addGroup(program, {
    name: 'people',
    summary: 'who is known, and letting somebody in',
    examples: [
      ['people', 'who is known, and which codes are open'],
      ['people pair', 'a code for you to send as /pair CODE from a chat'],
      ['people pair K3DT-9PWX --as bob', 'let in who was shown this code'],
    ],
  });
  addCommand(group, { name: 'list', summary: 'who is known', examples: [] }, { isDefault: true }).action(
    bind(list),
  );
  addCommand(group, {
    name: 'pair',
    summary: 'without a code: make one for the owner; with one: let that stranger in',
    examples: [
      ['people pair', 'a code for you to send as /pair CODE from a chat'],
      ['people pair K3DT-9PWX --as bob --role member', 'let in who was shown this code, as bob'],
    ],
  })
    .argument('[code]', 'the code a stranger was shown')
    .option('--as <handle>', 'the name of their memory folder: small letters, digits, - and _')
    .option('--role <role>', `one of ${roles.join(', ')} (default: member)`, oneOf(roles))
    .option('--timezone <zone>', 'their time zone, such as Europe/Rome')
    .option('--language <tag>', 'their language, such as it or pt-BR')
    .action(bind(pair));
  addCommand(group, {
    name: 'refuse',
    summary: 'a stranger gets silence for 30 days',
    examples: [['people refuse K3DT-9PWX', 'who was shown this code hears nothing more']],
  })
    .argument('<code>', 'the code the stranger was shown')
    .action(bind(refuse));
  registerKnown(group, bind);
}

/** What is done about somebody who is known. */
function registerKnown(group: Command, bind: Bind): void {
  addCommand(group, {
    name: 'link',
    summary: 'a code for somebody known to send as /pair CODE from another channel',
    examples: [
      ['people link', 'for you'],
      ['people link bob', 'for bob: whoever sends it is bob'],
    ],
  })
    .argument('[handle]', 'whose identity the sender becomes (default: the owner)')
    .action(bind(link));
  addCommand(group, {
    name: 'set',
    summary: 'time zone and language of somebody who was paired',
    examples: [
      ['people set bob --timezone Europe/Rome --language it', ''],
      ['people set bob --timezone none', 'no longer known'],
    ],
  })
    .argument('<handle>', 'see tiro people')
    .option('--timezone <zone>', 'such as Europe/Rome; none: not known')
    .option('--language <tag>', 'such as it or pt-BR; none: not known')
    .action(bind(set));
  addCommand(group, {
    name: 'remove',
    summary: 'take an identity from who was paired or linked with it',
    examples: [['people remove telegram:99', 'whoever this is, is a stranger again']],
  })
    .argument('<identity>', 'such as telegram:99')
    .action(bind(remove));
}

async function list(context: CommandContext): Promise<number> {
  const { print, json, deps } = context;
  const { identities, pairings } = await context.withControl((client) => client.run('people.list', {}));
  if (json) {
    print.json({ identities, pairings });
    return 0;
  }
  const now = deps.clock.now();
  const known = identities.map((row) => [
    row.handle,
    row.role,
    row.identity,
    row.name,
    [row.timezone, row.language].filter((part) => part !== null).join(' · '),
    row.since === 0 ? 'config.yaml' : formatAge(row.since, now),
  ]);
  print.table(['HANDLE', 'ROLE', 'IDENTITY', 'NAME', 'ZONE · LANGUAGE', 'SINCE'], known);
  if (pairings.length === 0) return 0;
  print.line('');
  const open = pairings.map((row) => [
    row.code,
    row.person === null ? row.kind : `${row.kind} ${row.person}`,
    row.identity ?? '-',
    row.name,
    formatTime(row.expiresAt),
  ]);
  print.table(['CODE', 'FOR', 'IDENTITY', 'NAME', 'UNTIL'], open);
  return 0;
}

async function pair(context: CommandContext, args: readonly string[], options: PairOptions): Promise<number> {
  const { print, json } = context;
  const input = {
    code: args[0]?.toUpperCase() ?? null,
    handle: options.as ?? null,
    role: options.role ?? null,
    ...localeOf(options),
  };
  const answer = await context.withControl((client) => client.run('people.pair', input));
  if (json) print.json(answer);
  else if (answer.ownerCode === null) print.line(`${answer.paired} is let in as ${answer.handle}.`);
  else {
    print.line(
      `Send this to your bot, from your own account: ${print.paint('strong', `/pair ${answer.ownerCode}`)}`,
    );
    if (answer.expiresAt !== null) print.line(`It works once, until ${formatTime(answer.expiresAt)}.`);
  }
  return 0;
}

async function refuse(context: CommandContext, args: readonly string[]): Promise<number> {
  const answer = await context.withControl((client) => client.run('people.refuse', { code: args[0] ?? '' }));
  if (context.json) context.print.json(answer);
  else
    context.print.line(
      `${answer.refused} hears nothing more for 30 days. people pair lets them in after all.`,
    );
  return 0;
}

async function link(context: CommandContext, args: readonly string[]): Promise<number> {
  const { print, json } = context;
  const answer = await context.withControl((client) =>
    client.run('people.link', { handle: args[0] ?? null }),
  );
  if (json) {
    print.json(answer);
    return 0;
  }
  const words = print.paint('strong', `/pair ${answer.code}`);
  print.line(`To be sent to the bot from the other channel, in a direct chat: ${words}`);
  print.line(`Whoever sends it is ${answer.handle}. It works once, until ${formatTime(answer.expiresAt)}.`);
  return 0;
}

async function set(
  context: CommandContext,
  args: readonly string[],
  options: LocaleOptions,
): Promise<number> {
  const input = { handle: args[0] ?? '', ...localeOf(options) };
  const answer = await context.withControl((client) => client.run('people.set', input));
  if (context.json) context.print.json(answer);
  else {
    const { handle, timezone, language } = answer;
    context.print.line(
      `${handle}: time zone ${timezone ?? 'not known'}, language ${language ?? 'not known'}.`,
    );
  }
  return 0;
}

async function remove(context: CommandContext, args: readonly string[]): Promise<number> {
  const identity = args[0] ?? '';
  const answer = await context.withControl((client) => client.run('people.remove', { identity }));
  if (context.json) context.print.json(answer);
  else
    context.print.line(
      answer.removed ? `${identity} is a stranger again.` : `Nobody was paired as ${identity}.`,
    );
  return 0;
}

/** What was not given is not named; `none` is null. */
function localeOf({ timezone, language }: LocaleOptions): {
  readonly timezone?: string | null;
  readonly language?: string | null;
} {
  const value = (text: string): string | null => (text === 'none' ? null : text);
  return {
    ...(timezone === undefined ? {} : { timezone: value(timezone) }),
    ...(language === undefined ? {} : { language: value(language) }),
  };
}
