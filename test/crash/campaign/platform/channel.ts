import type { Recorder } from '../recorder.ts';

/** A gateway that takes messages. */
export interface Address {
  readonly url: string;
  readonly token: string;
}

/**
 * A platform as the campaign needs it: people say things in its chats, it gives them to the gateway until they are
 * acknowledged, and it shows what the gateway sends. Each sighting goes to the recorder it was made with.
 */
export interface Channel {
  readonly name: string;
  /** Its entry under `channels` in config.yaml, as YAML in one line; null where there is none. */
  readonly config: string | null;
  /** Identities of people, by their handle in config.yaml; the first handle is the owner's. */
  readonly people: Readonly<Record<string, readonly string[]>>;
  /** Its chats, unique across channels (`telegram:7`). */
  readonly chats: readonly string[];
  /** Somebody there presses the buttons of what is to be approved. */
  readonly approves: boolean;
  /** The gateway that runs now, null while there is none. */
  follow(address: Address | null): void;
  /** Says it, and records it as said. Resolves when the platform took it; what is unsure is said again under its key. */
  say(words: {
    readonly chat: string;
    readonly message: string;
    readonly text: string;
    readonly tools: boolean;
  }): Promise<void>;
  /** Gives the same message to the gateway once more, as platforms do. */
  again(message: string): Promise<void>;
  /** Begins a new conversation in the chat, in which nothing waits for an answer. */
  startAnew(chat: string): Promise<void>;
  close(): Promise<void>;
}

/** Where the gateway finds a platform that listens at `url`: there, or at a proxy in front of it. */
export type Front = (url: string) => Promise<string>;

export const noFront: Front = async (url) => url;

export type MakeChannel = (recorder: Recorder, front: Front) => Promise<Channel>;
