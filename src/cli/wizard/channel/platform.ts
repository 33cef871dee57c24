import type { Probe, ProbeDeps } from '../probe.ts';
import type { Check, Choice } from '../prompts.ts';

/** A platform as the set-up knows it: what to do there, what to ask for, how to try it. */
export interface ChannelPlatform {
  /** Its key under `channels` in config.yaml. */
  readonly name: string;
  readonly title: string;
  /** What it will be there, as a heading: "a bot of your own". */
  readonly lead: string;
  /** What to do on the platform before its secrets can be asked for. */
  readonly howTo: readonly string[];
  /** The address of its API unless another is given; null: it has none that could be another. */
  readonly apiRoot: string | null;
  /** The first is taken where nothing else is asked for. With one alone nothing is asked. */
  readonly modes: readonly [ChannelMode, ...ChannelMode[]];
  /** The modes share no keys: choosing one takes the keys of the others out of config.yaml. */
  readonly separateModes?: true;
  /** It has several of a kind: this setting names one, and its keys stand under `map` and that name. */
  readonly entry?: { readonly map: string; readonly setting: string };
  /** Nobody pairs with it: who may write is settled by its configuration. */
  readonly noPairing?: true;
  /** Contract: nothing that it says holds a secret. */
  probe(deps: ProbeDeps, candidate: Candidate): Promise<Probe<Found>>;
}

export interface ChannelMode {
  /** Its value under `mode`; null: the platform has no modes. */
  readonly mode: string | null;
  readonly label: string;
  readonly hint: string;
  /** What is no secret, asked for first and in this order. */
  readonly settings: readonly ChannelSetting[];
  readonly secrets: readonly ChannelSecret[];
}

/** By key. */
export type Settings = Readonly<Record<string, string>>;

export interface ChannelSetting {
  /** Where it stands in the channel's section, with dots: `imap.host`. Also its name in `--set`. */
  readonly key: string;
  readonly what: string;
  /** What is taken without an answer, from what is known already; null: it must be given. */
  readonly usual: (given: Settings) => string | null;
  /** It is asked for even though something usual is known. */
  readonly asked: (given: Settings) => boolean;
  /** `channels`: those that are set up; null where nobody has looked yet. */
  readonly check: (text: string, channels: readonly string[] | null) => ReturnType<Check>;
  /** The only values there are; the first is offered. */
  readonly choices?: readonly [Choice<string>, ...Choice<string>[]];
  /** What config.yaml says for it, by key; absent: the text as it is. */
  readonly written?: (text: string) => readonly (readonly [key: string, value: unknown])[];
}

export interface ChannelSecret {
  /** Where it stands in the channel's section, with dots. */
  readonly key: string;
  /** Where else the same one stands. */
  readonly also?: readonly string[];
  readonly what: string;
  /** The environment variable in which its users keep it. Of an entry: the beginning of its name. */
  readonly variable: string;
  /** Of the file in the home folder. Of an entry: the beginning of its name. */
  readonly fileName: string;
  /** What may stand in it beside letters: passwords may have spaces. */
  readonly spaces?: true;
  /** Made here of a random text, and shown once: both sides must know it. */
  readonly generate?: (random: string, given: Settings) => string;
  /** It belongs to some answers only. */
  readonly needed?: (given: Settings) => boolean;
}

export interface Candidate {
  /** Empty where the platform has none. */
  readonly apiRoot: string;
  readonly mode: string | null;
  readonly settings: Settings;
  /** By key. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface Found {
  /** The bot, as people find it there: `@ann_bot`. */
  readonly bot: string;
  /** What was found out, where that is not who the bot is. */
  readonly said?: string;
  /** What is left to do on the platform. */
  readonly steps: readonly string[];
}
