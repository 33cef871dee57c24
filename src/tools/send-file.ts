import { z } from 'zod';
import type { NewDelivery } from '#core/delivery.ts';
import { TiroError } from '#core/errors.ts';
import type { IdsPort } from '#core/ids.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { ComposePort } from '#core/ports/compose.ts';
import type { OutgoingFilesPort } from '#core/ports/media.ts';
import type { ConversationsPort } from '#core/store/conversations.ts';
import { type Tool, type ToolContext, type ToolResult, defineTool } from '#core/tool.ts';
import { cutText } from '#lib/cut.ts';
import { cleanFileName } from '#lib/text/file-name.ts';

const mostChars = 1_000_000;
/** Where nothing can be attached, so much of a file is shown as text. */
const shownChars = 8_000;

const input = z.object({
  name: z
    .string()
    .min(1)
    .max(200)
    .transform(cleanFileName)
    .describe('file name with its extension, such as report.csv'),
  content: z.string().min(1).max(mostChars).describe('the whole text of the file'),
  mime: z
    .string()
    .regex(
      /^(text\/[a-z0-9.+-]{1,60}|application\/(json|xml|yaml|toml|sql|javascript))$/,
      'is no type of text',
    )
    .optional()
    .describe('default: by the extension'),
  caption: z.string().max(1_000).default('').describe('shown with the file'),
});

const mimeByExtension: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  md: 'text/markdown',
  html: 'text/html',
  json: 'application/json',
  xml: 'application/xml',
  yaml: 'application/yaml',
};

export interface SendFileDeps {
  readonly files: OutgoingFilesPort;
  readonly conversations: Pick<ConversationsPort, 'say'>;
  readonly compose: ComposePort;
  readonly ids: IdsPort;
  readonly clock: ClockPort;
}

/**
 * Sends a text as a file to the chat of the turn. file on the disk → its row in the outbox, both under the effect key, so
 * running it again after a crash changes nothing.
 */
export function createSendFileTool(deps: SendFileDeps): Tool {
  return defineTool({
    name: 'send_file',
    description:
      'Send a text file (csv, md, json, code, …) to this chat. For what people keep or open elsewhere; short texts belong into your answer.',
    input,
    effect: 'keyed',
    timeoutMs: 10_000,
    resultLimit: 1_000,
    roles: ['owner', 'member'],
    run: (file, context) => send(deps, file, context),
  });
}

async function send(
  deps: SendFileDeps,
  file: z.infer<typeof input>,
  context: ToolContext,
): Promise<ToolResult> {
  const abilities = deps.compose.abilitiesOf(context.chat);
  const bytes = Buffer.byteLength(file.content);
  if (abilities === null) return refuse('this channel is not configured any more');
  const pushes = abilities.delivery === 'push';
  const { name } = file;
  if (pushes && abilities.files === null)
    return refuse('this channel takes no files: give the text in your answer instead');
  if (pushes && abilities.files !== null && bytes > abilities.files.maxBytes) {
    const most = sizeText(abilities.files.maxBytes);
    return refuse(`${name} has ${sizeText(bytes)}, and this channel takes ${most}: send it in parts`);
  }
  const path = await deps.files
    .write({ key: context.effectKey, name, text: file.content })
    .catch((error: unknown) => {
      if (error instanceof TiroError && error.code === 'unavailable') return error;
      throw error;
    });
  if (typeof path !== 'string') return refuse(path.message);
  const key = `file:${context.effectKey}`;
  const text = pushes ? `Sent the file ${name} (${sizeText(bytes)}).` : shownText({ ...file, path, bytes });
  await deps.conversations.say({
    key,
    chat: deps.compose.destinationOf(context.chat),
    conversation: context.conversation,
    newConversation: deps.ids.conversation(),
    person: context.person,
    body: { kind: 'notice', text },
    deliveries: pushes ? [deliveryOf(deps, { ...file, path, key }, context)] : [],
    at: deps.clock.now(),
  });
  if (pushes) return { ok: true, content: `Queued: ${name} (${sizeText(bytes)}).` };
  const where = `${name} is kept as ${path} in Tiro's home folder`;
  return {
    ok: true,
    content: `This channel shows no attachments: ${where}, and the chat shows that. Name the path in your answer.`,
  };
}

type Written = z.infer<typeof input> & { readonly path: string };

function deliveryOf(
  deps: SendFileDeps,
  { path, name, mime, caption, key }: Written & { readonly key: string },
  { chat }: ToolContext,
): NewDelivery {
  const extension = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const type = mime ?? (Object.hasOwn(mimeByExtension, extension) ? mimeByExtension[extension] : undefined);
  const body = { kind: 'file', path, name, mime: type ?? 'text/plain', caption } as const;
  return { id: deps.ids.delivery(), key, chat: deps.compose.destinationOf(chat), body, preview: false };
}

/** What readers of the rows see: where it lies, and a short one as it is. */
function shownText({ name, content, caption, path, bytes }: Written & { readonly bytes: number }): string {
  const title = `**${name}** (${sizeText(bytes)}) is kept as \`${path}\` in Tiro's home folder.`;
  const head = cutText(content, shownChars);
  const longest = Math.max(2, ...(head.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  const more = head === content ? '' : '\n\n(The rest is in the file.)';
  return [title, caption, `${fence}\n${head}\n${fence}${more}`].filter((part) => part !== '').join('\n\n');
}

function refuse(why: string): ToolResult {
  return { ok: false, content: `It was not sent: ${why}` };
}

function sizeText(bytes: number): string {
  return bytes < 1_000_000
    ? `${Math.max(1, Math.round(bytes / 1_000))} kB`
    : `${(bytes / 1e6).toFixed(1)} MB`;
}
