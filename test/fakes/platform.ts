import type { ChatAddress } from '#core/address.ts';
import type { Platform } from '#core/ports/adapter.ts';

/**
 * What a platform has not, so that the suites do not ask for it. `groups`; `strangers`: nobody unknown can write;
 * `connection`: it has none that could break; `signs`: nothing is shown before the answer; `commands`: what is said there
 * is never a command; `order`: each message is a conversation of its own, and none waits for another.
 */
export type Lack = 'groups' | 'strangers' | 'connection' | 'signs' | 'commands' | 'order';

/**
 * A platform on a loopback port, as suites drive it that know none of them: people write in their direct chats and in one
 * group, the platform misbehaves, and shows what the bot sent. Everything it links to (such as the address of its
 * WebSocket) is built from the Host header of the request, so that a proxy put in front of it sees all.
 */
export interface FakePlatform {
  readonly name: string;
  /** Where its API listens, such as `http://127.0.0.1:4711`. */
  readonly url: string;
  /** Where else it listens, such as its mail exchanger. */
  readonly further?: readonly string[];
  /**
   * Its entry under `channels` in config.yaml, as YAML in one line; `url` is its own or that of a proxy in front of it, and
   * so are those of `further`.
   */
  config(url: string, further?: readonly string[]): string;
  /** Takes the place of the product's own platform of this name, where a test needs one that can be pointed at the fake. */
  readonly seam?: Platform;
  /** Platforms that call the gateway: where it is now. */
  follow?(gatewayUrl: string): void;
  /** Of person 0, 1, 2 …, such as `telegram:7`. */
  identity(person: number): string;
  /** The direct chat of the person. */
  chat(person: number): ChatAddress;
  /** The person writes to the bot in the direct chat; the returned function delivers the very same once more. */
  say(person: number, text: string, at?: number): () => void;
  /** The person writes in the group and names the bot. */
  sayInGroup(person: number, text: string): void;
  /** What the bot's messages in the direct chat say now, oldest first; edits applied, deleted ones gone. */
  shown(person: number): readonly string[];
  /** The same in the group, in all threads that the answers made. */
  shownInGroup(): readonly string[];
  /** From now on every call that would show something meets this; null: none. */
  trouble(kind: 'rate-limited' | 'server-error' | 'hang' | null): void;
  /** Calls that would show something and reached it, those in trouble included. */
  sendCalls(): number;
  close(): Promise<void>;
}
