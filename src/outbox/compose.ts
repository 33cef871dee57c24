import { type ChatAddress, type ChatKey, parseChatKey } from '#core/address.ts';
import type { Abilities, Delivery, DeliveryBody, NewDelivery } from '#core/delivery.ts';
import type { IdsPort } from '#core/ids.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ComposePort, Saying } from '#core/ports/compose.ts';
import type { Chunk, RenderPort } from '#core/ports/render.ts';

export interface ComposeDeps {
  readonly render: RenderPort;
  readonly ids: IdsPort;
  /** Null: no such channel is configured. */
  readonly abilities: (channel: string) => Abilities | null;
  /** Where what is said in a chat is heard; null or absent: there. */
  readonly destination?: (chat: ChatAddress) => ChatKey | null;
}

/** What compose asks of the adapters. */
export function reachOf(
  adapter: (channel: string) => Pick<AdapterPort, 'abilities' | 'destination'> | null,
): Required<Pick<ComposeDeps, 'abilities' | 'destination'>> {
  return {
    abilities: (channel) => adapter(channel)?.abilities ?? null,
    destination: (chat) => adapter(chat.channel)?.destination?.(chat) ?? null,
  };
}

/** Ends the text of a message that may be shown twice. Every chunk leaves room for it. */
export const repeatedMark = '(possibly repeated)';

/** Cuts what is to be said into platform calls; see ComposePort. */
export function createCompose(deps: ComposeDeps): ComposePort {
  const destinationOf = (chat: ChatKey): ChatKey => {
    const address = parseChatKey(chat);
    return (address === null ? null : deps.destination?.(address)) ?? chat;
  };
  const abilitiesOf = (chat: ChatKey): Abilities | null => {
    const address = parseChatKey(destinationOf(chat));
    return address === null ? null : deps.abilities(address.channel);
  };
  return {
    abilitiesOf,
    destinationOf,
    say(asked) {
      const saying = placed(asked, destinationOf(asked.chat));
      const abilities = abilitiesOf(saying.chat);
      if (abilities === null || abilities.delivery === 'pull') return [];
      const dialect = dialectFor(deps.render, saying, abilities);
      const chunks = deps.render.chunk(saying.markdown, { dialect, ...limitOf(abilities, dialect) });
      const buttons = abilities.buttons ? [...saying.buttons] : [];
      return chunks.map((chunk, index): NewDelivery => {
        const shown = { ...chunk, dialect, buttons: index === chunks.length - 1 ? buttons : [] };
        const key = `${saying.key}:${index}`;
        return {
          id: deps.ids.delivery(),
          key,
          chat: saying.chat,
          preview: false,
          body: bodyOf(saying, shown, index),
        };
      });
    },
  };
}

/** What is heard elsewhere answers no message there. */
function placed(saying: Saying, chat: ChatKey): Saying {
  return chat === saying.chat ? saying : { ...saying, chat, replyTo: null };
}

function bodyOf(
  saying: Saying,
  shown: Chunk & Pick<Extract<DeliveryBody, { kind: 'message' }>, 'dialect' | 'buttons'>,
  index: number,
): DeliveryBody {
  if (index === 0 && saying.editOf !== null) return { kind: 'edit', target: saying.editOf, ...shown };
  return { kind: 'message', replyTo: index === 0 ? saying.replyTo : null, ...shown };
}

/** The first of the platform's dialects that suits the words. What replaces a preview is said as the preview was. */
function dialectFor(render: RenderPort, saying: Saying, { dialects }: Abilities): string {
  const { markdown, editOf, running = false } = saying;
  const [first] = dialects;
  const choice =
    editOf === null && !running ? dialects : dialects.filter((dialect) => render.suits('', dialect));
  return choice.find((dialect) => render.suits(markdown, dialect)) ?? first;
}

/** The room for text: the platform's limit less the mark and its line breaks. */
function limitOf(
  { maxText, maxTextByDialect, countedAs }: Abilities,
  dialect: string,
): { limit: number; countedAs: Abilities['countedAs'] } {
  return { limit: (maxTextByDialect?.[dialect] ?? maxText) - repeatedMark.length - 2, countedAs };
}

/** The same words in the next dialect the platform knows, for a row whose format was refused. Empty: there is none left. */
export function composeNextDialect(
  deps: Omit<ComposeDeps, 'abilities'>,
  row: NewDelivery,
  abilities: Abilities,
): readonly NewDelivery[] {
  const { chat, preview, body } = row;
  if (body.kind !== 'message' && body.kind !== 'edit') return [];
  const next = abilities.dialects[abilities.dialects.indexOf(body.dialect) + 1];
  if (next === undefined) return [];
  const chunks = deps.render.chunk(body.markdown, { dialect: next, ...limitOf(abilities, next) });
  // A preview is one message: what does not fit comes with the final text.
  const shown = preview ? chunks.slice(0, 1) : chunks;
  return shown.map((chunk, index) => {
    const buttons = index === shown.length - 1 ? body.buttons : [];
    const first: DeliveryBody = { ...body, ...chunk, dialect: next, buttons };
    const later: DeliveryBody = { kind: 'message', replyTo: null, ...chunk, dialect: next, buttons };
    const key = `${row.key}:${next}:${index}`;
    return { id: deps.ids.delivery(), key, chat, preview, body: index === 0 ? first : later };
  });
}

/**
 * The words of an edit that the platform refuses for good, as a message: somebody may have deleted what it edits. Empty:
 * it is no such edit.
 */
export function composeInstead(deps: Pick<ComposeDeps, 'ids'>, row: Delivery): readonly NewDelivery[] {
  const { chat, preview, body } = row;
  if (body.kind !== 'edit' || preview || row.targetPlatformId === null) return [];
  return [{ id: deps.ids.delivery(), key: `${row.key}:message`, chat, preview, body: asMessage(body) }];
}

/** An edit whose message never came out says the same as a message; what may stand there twice carries the mark. */
export function bodyToSend(row: Delivery): DeliveryBody {
  const { body } = row;
  const shown = body.kind === 'edit' && row.targetPlatformId === null ? asMessage(body) : body;
  if (!row.repeated) return shown;
  if (shown.kind === 'message' || shown.kind === 'edit')
    return { ...shown, text: `${shown.text}${breakBehind(shown.text)}${repeatedMark}` };
  return shown.kind === 'file' ? { ...shown, caption: `${shown.caption}\n${repeatedMark}`.trim() } : shown;
}

/** A line right behind a Markdown table would be one more row of it. */
function breakBehind(text: string): string {
  return /(?:^|\n)[^\S\n]*\|[^\n]*$/.test(text) ? '\n\n' : '\n';
}

function asMessage(edit: Extract<DeliveryBody, { kind: 'edit' }>): DeliveryBody {
  const { markdown, text, dialect, buttons } = edit;
  return { kind: 'message', replyTo: null, markdown, text, dialect, buttons };
}
