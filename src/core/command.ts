import { type Role, rightsByRole } from './person.ts';

/** The chat commands, the same on every channel. `who: basic` is for guests as well. */
export const chatCommands = {
  help: { who: 'basic', usage: '/help', does: 'what I can do' },
  new: { who: 'own', usage: '/new', does: 'start a new conversation' },
  stop: { who: 'basic', usage: '/stop', does: 'stop what is running and drop what waits' },
  status: { who: 'own', usage: '/status', does: 'what is going on here' },
  approve: { who: 'own', usage: '/approve ID', does: 'let exactly this call run' },
  deny: { who: 'own', usage: '/deny ID [reason]', does: 'refuse it' },
  model: { who: 'own', usage: '/model [NAME]', does: 'show or choose the model of this conversation' },
  queue: {
    who: 'own',
    usage: '/queue queue|steer|interrupt',
    does: 'what happens to messages sent while I work',
  },
  spend: { who: 'own', usage: '/spend', does: 'what this cost today' },
  pair: { who: 'basic', usage: '/pair [CODE]', does: 'be known on another channel too, or let somebody in' },
} as const satisfies Record<string, { who: 'basic' | 'own'; usage: string; does: string }>;

export type ChatCommandName = keyof typeof chatCommands;

export interface ChatCommand {
  readonly name: ChatCommandName;
  readonly args: string;
}

/** An approval's id: four Crockford characters, one of them a digit, so that no word is taken for one. */
const approvalId = '(?=[a-z]*[0-9])[0-9a-hjkmnp-tv-z]{4}';
const spokenPattern = new RegExp(
  `^(approve|deny)\\s+(${approvalId})(?:\\s+(?:because\\s+)?([\\s\\S]*))?$`,
  'i',
);

/** `/name args`, or the spoken forms `approve 7F3K` and `deny 7F3K because …`. Null: it is an ordinary message. */
export function parseChatCommand(text: string): ChatCommand | null {
  const spoken = spokenPattern.exec(text.trim());
  if (spoken !== null) {
    const [, verb = '', id = '', reason = ''] = spoken;
    return { name: verb.toLowerCase() === 'approve' ? 'approve' : 'deny', args: `${id} ${reason}`.trim() };
  }
  const slash = /^\/([a-z]+)(?:\s+([\s\S]*))?$/i.exec(text.trim());
  if (slash === null) return null;
  const [, word = '', args = ''] = slash;
  const name = word.toLowerCase();
  return isChatCommand(name) ? { name, args: args.trim() } : null;
}

function isChatCommand(name: string): name is ChatCommandName {
  return Object.hasOwn(chatCommands, name);
}

export function mayUse(role: Role, command: ChatCommandName): boolean {
  return rightsByRole[role].commands !== 'basic' || chatCommands[command].who === 'basic';
}
