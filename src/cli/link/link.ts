import { TiroError } from '#core/errors.ts';
import type { ControlSurface } from '#control/surface.ts';
import { type CommandContext, exitCodes } from '../command.ts';
import type { ControlClient } from '../gateway/control-client.ts';
import { NobodyThere } from '../gateway/http.ts';
import { oneLine } from '../output/text.ts';
import { createLineView, createTerminalView, type LinkView } from './view.ts';

const lookMs = 1_000;

type Link = ControlSurface['channels.link']['output'];

interface Asked {
  readonly channel: string;
  readonly phone: string | null;
}

/** Shows what the phone must scan or be told until it is linked. Ctrl-C gives up; asking again goes on from there. */
export async function linkChannel(
  context: CommandContext,
  { name, phone }: { readonly name: string | null; readonly phone: string | null },
): Promise<number> {
  const { deps, json, print } = context;
  return context.withControl(async (client) => {
    requireGateway(client);
    const channel = name ?? (await onlyLinkable(client));
    const before = await client.run('channels.link', { channel, phone: null });
    if (before.linked) {
      if (json) print.json({ linked: true, why: before.why });
      else
        print.line(
          `${channel} is linked already${inWords(before)}. To end that: tiro channels unlink ${channel}`,
        );
      return exitCodes.done;
    }
    const view =
      deps.terminal.output && !json
        ? createTerminalView(deps, channel === 'whatsapp' ? 'WhatsApp' : channel)
        : createLineView(deps, json);
    const linked = await watchLink(context, { client, view }, { channel, phone });
    if (linked === null) {
      print.aside('Given up; it is not linked.');
      return exitCodes.unavailable;
    }
    if (json) print.json({ linked: true, why: linked.why });
    else {
      print.line(`${print.paint('good', 'Linked')}${inWords(linked)}.`);
      print.line('That it receives shows when a message comes in: tiro channels, LAST MESSAGE.');
    }
    return exitCodes.done;
  });
}

export async function unlinkChannel(context: CommandContext, channel: string): Promise<number> {
  const { json, print } = context;
  const answer = await context.withControl((client) => {
    requireGateway(client);
    return client.run('channels.unlink', { channel });
  });
  if (json) print.json(answer);
  else print.line(`${channel} is unlinked. To link it again: tiro channels link ${channel}`);
  return exitCodes.done;
}

/** Null: given up. */
async function watchLink(
  { deps }: CommandContext,
  { client, view }: { readonly client: ControlClient; readonly view: LinkView },
  { channel, phone }: Asked,
): Promise<Link | null> {
  const left = new AbortController();
  const stopListening = deps.onSignal('SIGINT', () => left.abort());
  try {
    let codeUntil = 0;
    while (!left.signal.aborted) {
      // Asking for a further code would void the one that is being typed, or disturb the phone that has just taken it.
      const wanted = deps.clock.now() < codeUntil ? null : phone;
      const answer: Link = await askPatiently(client, { channel, phone: wanted });
      if (answer.linked) return answer;
      const { offer } = answer;
      if (offer !== null) codeUntil = offer.kind === 'code' ? offer.expiresAt : 0;
      view.show(phone !== null && offer?.kind === 'qr' ? null : offer, answer.why);
      await deps.clock.sleep(lookMs, left.signal);
    }
    return null;
  } finally {
    stopListening();
    view.end();
  }
}

/** A code can only be asked for while the channel is connected to the platform: until then that is what is shown. */
async function askPatiently(client: ControlClient, asked: Asked): Promise<Link> {
  try {
    return await client.run('channels.link', asked);
  } catch (error) {
    if (error instanceof NobodyThere) {
      throw new TiroError('unavailable', 'The gateway has ended. Start it again: tiro start', {
        cause: error,
      });
    }
    if (asked.phone === null || !(error instanceof TiroError) || error.code !== 'unavailable') throw error;
    const now = await client.run('channels.link', { ...asked, phone: null });
    return now.linked ? now : { ...now, offer: null, why: error.message };
  }
}

function requireGateway({ gateway }: ControlClient): void {
  if (gateway !== null) return;
  throw new TiroError(
    'unavailable',
    'No gateway runs here, and it is the gateway that is linked. Start it: tiro start',
  );
}

async function onlyLinkable(client: ControlClient): Promise<string> {
  const names = (await client.run('channels.list', {})).filter(({ linkable }) => linkable === true);
  const [first, ...others] = names.map(({ name }) => name);
  if (first !== undefined && others.length === 0) return first;
  const message =
    first === undefined
      ? 'No channel of this gateway is linked by a phone. For WhatsApp: tiro channels add whatsapp, then start the gateway again.'
      : `Which one: ${[first, ...others].join(' or ')}?`;
  throw new TiroError('bad-input', message);
}

/** `: connected as +49…`; nothing where it says no more than that it is linked. */
function inWords({ why }: Link): string {
  const words = oneLine(why).replace(/^linked\b:?\s*/i, '');
  return words === '' ? '' : `: ${words}`;
}
