import type * as Baileys from 'baileys';
import { parseJson } from '#lib/read/json.ts';
import { type Keys, seenKey } from './keys.ts';

type Repository = Baileys.SignalRepositoryWithLIDStore;
type Make = Baileys.SocketConfig['makeSignalRepository'];

/** A message without anything in it, padded as messages are. */
const emptyMessage = Buffer.from([1]);

export interface RatchetDeps {
  readonly lib: Pick<typeof Baileys, 'proto' | 'unpadRandomMax16' | 'encodeWAMessage'>;
  readonly make: Make;
  readonly keys: Keys;
  readonly now: () => number;
  /**
   * What was in a ciphertext. Contract: resolves after what it says is stored, or when it says nothing to us; a rejection
   * means that nothing was stored, and ends the connection, so that it is brought again.
   */
  opened(ciphertext: Uint8Array, message: Baileys.proto.IMessage): Promise<void>;
  /** Is told of what no message can be read from: it counts as received. */
  unreadable(ciphertext: Uint8Array): void;
  /** Throws once the connection is over: what is opened behind a message that was not stored would overtake it. */
  check(): void;
}

/**
 * ciphertext → opened → event committed → ratchet and the mark "seen" committed together → receipt
 *
 * The library sends the receipt as soon as a message is decrypted, and a ciphertext can be decrypted once only. So the
 * event is stored inside of the decryption, while the ratchet has not moved in the store: a crash before its commit leaves
 * a ciphertext that can be opened again, a crash behind it leaves the mark, and a message that is brought again is then
 * answered as empty and gets its receipt (decision 034). What is to be sent moves the ratchet in the store before it leaves.
 */
export function createRatchet(deps: RatchetDeps): Make {
  const { lib, keys } = deps;
  return (auth, logger, askLids) => {
    const inner = deps.make({ creds: auth.creds, keys: keys.store }, logger, askLids);
    const open = async (
      name: string,
      ciphertext: Uint8Array,
      decrypt: () => Promise<Uint8Array>,
    ): Promise<Uint8Array> =>
      await keys.store.transaction(async () => {
        deps.check();
        const seen = await keys.seen(ciphertext);
        if (seen !== null) return answerIn(seen);
        const plain = await decrypt();
        const message = readOr(plain, () => deps.unreadable(ciphertext));
        if (message !== null) await deps.opened(ciphertext, message);
        keys.also(seenKey(ciphertext), JSON.stringify({ at: deps.now(), ...handout(message) }));
        return message === null ? emptyMessage : plain;
      }, name);

    return {
      ...wrapped(inner),
      decryptMessage: (asked) => open(asked.jid, asked.ciphertext, () => inner.decryptMessage(asked)),
      decryptGroupMessage: (asked) => open(asked.group, asked.msg, () => inner.decryptGroupMessage(asked)),
    };
  };

  function readOr(plain: Uint8Array, refuse: () => void): Baileys.proto.IMessage | null {
    try {
      return lib.proto.Message.decode(lib.unpadRandomMax16(plain));
    } catch {
      refuse();
      return null;
    }
  }

  /** The key of a group that came along is taken up behind the commit: should that not happen, it is handed out again. */
  function handout(message: Baileys.proto.IMessage | null): { readonly handout?: string } {
    const { senderKeyDistributionMessage: item } = message?.deviceSentMessage?.message ?? message ?? {};
    if (!item) return {};
    const bytes = lib.encodeWAMessage({ senderKeyDistributionMessage: item });
    return { handout: Buffer.from(bytes).toString('base64') };
  }
}

function answerIn(seen: string): Uint8Array {
  const value = parseJson(seen);
  const handout: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'handout') : null;
  return typeof handout === 'string' ? Buffer.from(handout, 'base64') : emptyMessage;
}

/** Its methods know each other by name, not by `this`. */
function wrapped(inner: Repository): Repository {
  return { ...inner };
}
