import type { Probe, ProbeDeps } from '../probe.ts';

/** A platform as the set-up knows it: what to do there, what to ask for, how to try it. */
export interface ChannelPlatform {
  /** Its key under `channels` in config.yaml. */
  readonly name: string;
  readonly title: string;
  /** What to do on the platform before its secrets can be asked for. */
  readonly howTo: readonly string[];
  /** The address of its API unless another is given. */
  readonly apiRoot: string;
  /** The first is taken where nothing else is asked for. With one alone nothing is asked. */
  readonly modes: readonly [ChannelMode, ...ChannelMode[]];
  /** Contract: nothing that it says holds a secret. */
  probe(deps: ProbeDeps, candidate: Candidate): Promise<Probe<Found>>;
}

export interface ChannelMode {
  /** Its value under `mode`; null: the platform has no modes. */
  readonly mode: string | null;
  readonly label: string;
  readonly hint: string;
  readonly secrets: readonly ChannelSecret[];
}

export interface ChannelSecret {
  /** Its key in the channel's section. */
  readonly key: string;
  readonly what: string;
  /** The environment variable in which its users keep it. */
  readonly variable: string;
  /** Of the file in the home folder. */
  readonly fileName: string;
}

export interface Candidate {
  readonly apiRoot: string;
  readonly mode: string | null;
  /** By key. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface Found {
  /** The bot, as people find it there: `@ann_bot`. */
  readonly bot: string;
  /** What is left to do on the platform. */
  readonly steps: readonly string[];
}
