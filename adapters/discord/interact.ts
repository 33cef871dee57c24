import { RequestMethod } from '@discordjs/rest';
import { z } from 'zod';
import { chatCommands } from '#core/command.ts';
import type { AdapterDeps } from '#core/ports/adapter.ts';
import { sha256Hex } from '#lib/hash.ts';
import type { Client, Request } from './client.ts';
import { interactionSchema } from './parse.ts';

/** What Discord wants to hear of slash commands and buttons. All of it is beside the way of the event, and best effort. */
export interface Interactions {
  /**
   * Discord waits 3 s: it is answered "seen" when its event is committed, or at the deadline. The returned function is
   * told of the commit; it takes the placeholder of a slash command away, whose answer comes as a message.
   */
  begin(payload: unknown, signal: AbortSignal): () => void;
  /** The menu of slash commands: sent only when it is another one than the last. */
  register(application: string, signal: AbortSignal): Promise<void>;
}

type Interaction = z.infer<typeof interactionSchema>;

/** Before Discord's 3 s are over, with time for the way. */
const deferAfterMs = 2_000;
/** A slash command: an answer comes later, and only its sender sees this (1 << 6). A button: nothing changes yet. */
const seen = { command: { type: 5, data: { flags: 64 } }, button: { type: 6 } } as const;
const stateKey = 'commands';

export function createInteractions(deps: AdapterDeps, client: Client): Interactions {
  return {
    begin: (payload, signal) => {
      const read = interactionSchema.safeParse(payload);
      // What cannot be read is logged where it becomes no event.
      return read.success ? begin(deps, { client, signal, interaction: read.data }) : () => undefined;
    },
    register: (application, signal) => register(deps, { client, signal, application }),
  };
}

type Call = { readonly client: Client; readonly signal: AbortSignal };

function begin(
  { clock, log }: AdapterDeps,
  { client, signal, interaction }: Call & { interaction: Interaction },
): () => void {
  const { id, token, type, application_id: application } = interaction;
  const secret = encodeURIComponent(token);
  let deferred: Promise<void> | null = null;
  const cancel = clock.after(deferAfterMs, () => void defer());
  signal.addEventListener('abort', cancel, { once: true });
  return () => void stored();

  function defer(): Promise<void> {
    cancel();
    signal.removeEventListener('abort', cancel);
    const body = type === 2 ? seen.command : seen.button;
    deferred ??= tell({ method: RequestMethod.Post, path: `/interactions/${id}/${secret}/callback`, body });
    return deferred;
  }

  async function stored(): Promise<void> {
    await defer();
    const path = `/webhooks/${application}/${secret}/messages/@original` as const;
    if (type === 2) await tell({ method: RequestMethod.Delete, path });
  }

  async function tell(request: Request): Promise<void> {
    const answer = await client.call({ ...request, auth: false }, z.unknown(), signal);
    if (answer.ok) return;
    // Given before a restart, it comes again when Discord has long given up: it counts all the same.
    const why = answer.failure.why.replaceAll(token, '…');
    log.info('interaction.unanswered', { channel: 'discord', id, why });
  }
}

async function register(
  { state, log }: AdapterDeps,
  { client, signal, application }: Call & { application: string },
): Promise<void> {
  const body = Object.entries(chatCommands).map(([name, { usage, does }]) => {
    const text = { type: 3, name: 'text', description: usage, required: !usage.includes('[') };
    const options = usage.includes(' ') ? [text] : [];
    // In servers that invited the bot, and in its own direct chats.
    return { name, description: does, type: 1, contexts: [0, 1], integration_types: [0], options };
  });
  const sum = `${application}:${sha256Hex(JSON.stringify(body))}`;
  if ((await state.get(stateKey)) === sum) return;
  const request = { method: RequestMethod.Put, path: `/applications/${application}/commands`, body } as const;
  const answer = await client.call(request, z.unknown(), signal);
  if (answer.ok) await state.set(stateKey, sum);
  else log.warn('commands.unregistered', { channel: 'discord', why: answer.failure.why });
}
