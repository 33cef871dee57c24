import { setTimeout as sleep } from 'node:timers/promises';
import { nameOf } from '../committed.ts';
import type { Channel } from './platform/channel.ts';
import type { Dice } from './dice.ts';
import type { Recorder } from './recorder.ts';
import { wish } from './script.ts';

export interface Workload {
  /** All messages are said and answered; a chat whose message is lost waits for ever. */
  isDone(): boolean;
  /** What the gateway answered that it may not. */
  readonly problems: readonly string[];
  /** No further message. */
  stop(): void;
}

/** Shares of all messages, of bursts among what a chat says, and how often a chat begins anew. */
const share = { tools: 0.15, approval: 0.02, slowly: 0.01, again: 0.05, bursts: 0.12, anew: 0.02 };
/** Slow answers keep a gateway from being healthy, and so the next from running more than one turn at a time. */
const mostSlow = 2;
const longestGapMs = 40;
const latestAgainMs = 3_000;

interface Talk {
  readonly recorder: Recorder;
  readonly dice: Dice;
  readonly total: number;
  readonly thinkMs: number;
  said: number;
  slowOpen: number;
  stopped: boolean;
}

/**
 * Each chat is somebody who says something, waits for the answer, and goes on: one message, or several in quick
 * succession. So what is open is bounded, and all goes as fast as the gateway can.
 */
export function startWorkload(
  deps: Pick<Talk, 'recorder' | 'dice' | 'thinkMs'> & { readonly channels: readonly Channel[] },
  total: number,
): Workload {
  const talk: Talk = { ...deps, total, said: 0, slowOpen: 0, stopped: false };
  const chats = deps.channels.flatMap((channel) => channel.chats.map((chat) => ({ channel, chat })));
  let open = chats.length;
  const problems: string[] = [];
  for (const { channel, chat } of chats) {
    void converse(talk, channel, chat)
      .catch((error: unknown) => problems.push(`${chat}: ${String(error)}`))
      .then(() => (open -= 1));
  }
  return {
    isDone: () => open === 0,
    problems,
    stop: () => {
      talk.stopped = true;
    },
  };
}

async function converse(talk: Talk, channel: Channel, chat: string): Promise<void> {
  const { dice, recorder, thinkMs } = talk;
  while (talk.said < talk.total && !talk.stopped) {
    if (thinkMs > 0) await sleep(dice.between(0, 2 * thinkMs));
    if (dice.chance(share.anew)) await channel.startAnew(chat);
    const messages = take(talk, dice.chance(share.bursts) ? dice.between(2, 6) : 1);
    // A chat goes on while an approval waits, so its order would not hold for one among others.
    const mayAsk = channel.approves && messages.length === 1;
    for (const [index, message] of messages.entries()) {
      if (index > 0) await sleep(dice.between(0, longestGapMs));
      const wishes = wishesFor(talk, message, mayAsk);
      await channel.say({
        chat,
        message,
        text: [message, ...wishes].join(' '),
        tools: wishes.includes(wish.tools),
      });
      if (dice.chance(share.again)) void giveAgain(talk, channel, message);
    }
    await Promise.all(messages.map((message) => recorder.answered(message)));
  }
}

function take(talk: Talk, wanted: number): readonly string[] {
  const count = Math.min(wanted, talk.total - talk.said);
  const first = talk.said + 1;
  talk.said += count;
  return Array.from({ length: count }, (_, index) => nameOf(first + index));
}

function wishesFor(talk: Talk, message: string, mayAsk: boolean): readonly string[] {
  const { dice, recorder } = talk;
  if (mayAsk && dice.chance(share.approval)) return [wish.approval];
  const tools = dice.chance(share.tools) ? wish.tools : 'please';
  if (!dice.chance(share.slowly) || talk.slowOpen >= mostSlow) return [tools];
  talk.slowOpen += 1;
  void recorder.answered(message).then(() => (talk.slowOpen -= 1));
  return [tools, wish.slowly];
}

/** At once, or later: behind its answer, a restart, a takeover. */
async function giveAgain({ dice }: Talk, channel: Channel, message: string): Promise<void> {
  await sleep(dice.between(0, 1) * dice.between(0, latestAgainMs));
  await channel.again(message).catch(() => undefined); // the campaign is over
}
