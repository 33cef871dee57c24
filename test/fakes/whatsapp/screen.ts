import { proto } from 'baileys';

/** One message of the bot as a phone shows it. */
export interface Shown {
  readonly id: string;
  text: string;
  /** What it is beside a text. */
  readonly message: proto.IMessage;
  isDeleted: boolean;
}

/** What the bot said in one chat, as a phone shows it: what has an id that is known is the same message. */
export interface Screen {
  /** Null: it was known. */
  show(id: string, message: proto.IMessage): 'new' | 'edit' | 'other' | null;
  /** As if it had never come. */
  forget(id: string): void;
  readonly messages: readonly Shown[];
  /** Texts that are there now, oldest first. */
  texts(): readonly string[];
  /** How many came a second time. */
  repeats(): number;
  /** Reactions of the bot, by the message. */
  readonly reactions: ReadonlyMap<string, string>;
}

const { MESSAGE_EDIT: edit, REVOKE: revoke } = proto.Message.ProtocolMessage.Type;

export function createScreen(): Screen {
  const messages: Shown[] = [];
  const known = new Set<string>();
  const reactions = new Map<string, string>();
  let repeats = 0;
  const find = (id: string | null | undefined): Shown | undefined =>
    messages.find((shown) => shown.id === id);
  return {
    messages,
    reactions,
    repeats: () => repeats,
    forget: (id) => {
      known.delete(id);
      messages.splice(0, messages.length, ...messages.filter((shown) => shown.id !== id));
    },
    texts: () => messages.filter(({ isDeleted }) => !isDeleted).map(({ text }) => text),
    show: (id, message) => {
      if (known.has(id)) {
        repeats += 1;
        return null;
      }
      known.add(id);
      const { protocolMessage: change, reactionMessage: reaction } = message;
      if (reaction?.key?.id) {
        reactions.set(reaction.key.id, reaction.text ?? '');
        return 'other';
      }
      if (!change) {
        messages.push({ id, text: textOf(message), message, isDeleted: false });
        return 'new';
      }
      const shown = find(change.key?.id);
      if (shown === undefined) return 'other';
      if (change.type === revoke) shown.isDeleted = true;
      if (change.type === edit) shown.text = textOf(change.editedMessage ?? {});
      return change.type === edit ? 'edit' : 'other';
    },
  };
}

export function textOf(message: proto.IMessage): string {
  const { conversation, extendedTextMessage: more, imageMessage: image, documentMessage: document } = message;
  return conversation ?? more?.text ?? image?.caption ?? document?.caption ?? document?.fileName ?? '';
}
