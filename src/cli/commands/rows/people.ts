import type { Command } from 'commander';
import type { Role } from '#core/person.ts';
import { addCommand, addGroup, type Bind, type CommandContext, oneOf } from '../../command.ts';
import { formatAge, formatTime } from '../../output/format.ts';

const roles: readonly Role[] = ['owner', 'member', 'guest'];

interface PairOptions {
  readonly as?: string;
  readonly role?: Role;
}

/** `tiro people [list|pair [CODE]]` */
export function register(program: Command, bind: Bind): void {
  const group = addGroup(program, {
    name: 'people',
    summary: 'who is known, and letting somebody in',
    examples: [
      ['people', 'who is known, and which codes are open'],
      ['people pair', 'a code for you to send as /pair CODE from Telegram'],
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
    .action(bind(pair));
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
    row.since === 0 ? 'config.yaml' : formatAge(row.since, now),
  ]);
  print.table(['HANDLE', 'ROLE', 'IDENTITY', 'NAME', 'SINCE'], known);
  if (pairings.length === 0) return 0;
  print.line('');
  const open = pairings.map((row) => [
    row.code,
    row.kind,
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
  };
  const answer = await context.withControl((client) => client.run('people.pair', input));
  if (json) print.json(answer);
  else if (answer.ownerCode === null) print.line(`${answer.paired ?? 'The sender'} may talk to Tiro now.`);
  else {
    print.line(
      `Send this to your bot, from your own account: ${print.paint('strong', `/pair ${answer.ownerCode}`)}`,
    );
    if (answer.expiresAt !== null) print.line(`It works once, until ${formatTime(answer.expiresAt)}.`);
  }
  return 0;
}
