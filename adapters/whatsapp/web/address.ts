import type * as Baileys from 'baileys';

/** A name in WhatsApp's own writing: `15552223333:1@s.whatsapp.net`, `880002@lid`, `1203630…@g.us`. */
export interface Jid {
  readonly user: string;
  /** 0: the phone itself. */
  readonly device: number;
  readonly kind: 'phone' | 'lid' | 'group' | 'other';
}

const kinds: Readonly<Record<string, Jid['kind']>> = {
  's.whatsapp.net': 'phone',
  'c.us': 'phone',
  lid: 'lid',
  'g.us': 'group',
};

/** Null for text that is no such name. */
export function parseJid(text: string | null | undefined): Jid | null {
  const match = /^([\d-]{1,40})(?:_\d+)?(?::(\d{1,5}))?@([a-z.]{2,20})$/.exec(text ?? '');
  const [, user = '', device = '0', server = ''] = match ?? [];
  return user === '' ? null : { user, device: Number(device), kind: kinds[server] ?? 'other' };
}

/**
 * How people and chats are called outside of this adapter: a person by the digits of the phone number, one who is known
 * only by WhatsApp's number for hiding it (LID) as `lid:DIGITS`, a group as `group-DIGITS`.
 */
export function jidOf(chat: string): string | null {
  if (/^\d{5,20}$/.test(chat)) return `${chat}@s.whatsapp.net`;
  const [, lid, group] = /^(?:lid:(\d{5,20})|group-([\d-]{5,40}))$/.exec(chat) ?? [];
  if (lid !== undefined) return `${lid}@lid`;
  return group === undefined ? null : `${group}@g.us`;
}

/** Who is who. */
export interface People {
  /** Of a person, by what came with the message, else by what was learned before. Null: it is no person. */
  idOf(jid: string | undefined, other?: string): Promise<string | null>;
  isMe(jid: string | null | undefined): boolean;
  /** The gateway's own id. */
  readonly me: string | null;
  /** What stands behind the @ where this gateway is named in a text. */
  readonly ownNumbers: readonly string[];
}

type Known = Pick<Baileys.SignalRepositoryWithLIDStore['lidMapping'], 'getPNForLID'>;

/** `known`: the pairs that WhatsApp told of, kept with the keys. */
export function createPeople(me: Baileys.Contact | undefined, known: Known): People {
  const own = [parseJid(me?.id), parseJid(me?.lid)];
  const isMe = (text: string | null | undefined): boolean => {
    const jid = parseJid(text);
    return jid !== null && own.some((mine) => mine?.user === jid.user && mine.kind === jid.kind);
  };
  const [phone] = own;
  return {
    me: phone?.user ?? null,
    ownNumbers: own.flatMap((jid) => (jid === null ? [] : [jid.user])),
    isMe,
    async idOf(text, other) {
      const jid = parseJid(text);
      if (jid === null || jid.kind === 'group' || jid.kind === 'other') return null;
      if (jid.kind === 'phone') return jid.user;
      if (isMe(text) && phone !== undefined && phone !== null) return phone.user;
      const told = parseJid(other);
      if (told?.kind === 'phone') return told.user;
      const learned = parseJid(await known.getPNForLID(`${jid.user}@lid`));
      return learned?.kind === 'phone' ? learned.user : `lid:${jid.user}`;
    },
  };
}
