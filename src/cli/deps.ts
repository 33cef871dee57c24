import type { Readable, Writable } from 'node:stream';
import type { ClockPort } from '#core/ports/clock.ts';
import type { ControlPort } from '#control/surface.ts';

/** Everything the commands start from; main.ts builds it. The CLI reads no environment and opens no store itself. */
export interface CliDeps {
  readonly version: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly terminal: Terminal;
  /** The environment, for the wizard: it offers `${NAME}` only where NAME is set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: ClockPort;
  readonly fetch: typeof fetch;
  /** Calls `listener` at each such signal instead of ending the process. Returns the unsubscriber. */
  onSignal(signal: 'SIGINT' | 'SIGTERM', listener: () => void): () => void;
  /** Null: the home of the environment. Reads nothing before it is asked. */
  openHome(home: string | null): CliHome;
  /** Contract: resolves when the gateway takes messages; rejects with a TiroError (`bad-config`, `home-locked`, `unavailable`). */
  startGateway(options: StartOptions): Promise<RunningGateway>;
  /** The commands over the rows without a gateway. Rejects as `home-locked` while another process has the home. */
  openControl(options: { readonly home: string }): Promise<OpenedControl>;
  /** Markdown as coloured text for a terminal. */
  renderTerminal(markdown: string): string;
  /** 32 random bytes as hex, for secrets that are made here. */
  randomToken(): string;
  /** The servers the wizard offers, in this order. */
  readonly presets: readonly PresetChoice[];
}

export interface Terminal {
  /** Somebody types on standard input. */
  readonly input: boolean;
  /** Standard output is shown to somebody. */
  readonly output: boolean;
  /** Terminal, and neither NO_COLOR nor a dumb one. */
  readonly color: boolean;
  /** Of standard output, now. */
  columns(): number;
  rows(): number;
}

export interface StartOptions {
  readonly home: string;
  /** Null: environment, else 127.0.0.1. */
  readonly host: string | null;
  /** Null: environment, else 4180. 0 takes a free one. */
  readonly port: number | null;
  readonly takeover: boolean;
  /** Nothing is logged to the terminal: a chat is shown there. */
  readonly quiet: boolean;
}

export interface RunningGateway {
  /** `http://HOST:PORT` as it is reached from this machine. */
  readonly url: string;
  readonly control: ControlPort;
  /** A link for one use that logs a browser in. */
  loginLink(): Promise<string>;
  /** Drains: what runs gets up to 10 s to end; what does not goes on at the next start. Called again, it resolves with the first. */
  stop(): Promise<void>;
  /** Resolves when the gateway ends by itself (the home was taken over, the store was lost) with the reason. */
  readonly ended: Promise<{ readonly exitCode: number; readonly reason: string }>;
}

export interface OpenedControl {
  readonly control: ControlPort;
  close(): Promise<void>;
}

export interface Problem {
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

export type ConfigCheck =
  | {
      readonly ok: true;
      readonly demo: boolean;
      /** Nothing is configured at all. */
      readonly isBlank: boolean;
      /** The configuration in force, without secrets. */
      readonly yaml: string;
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** One change of config.yaml; the value is written as YAML, so `${NAME}` and `{file: …}` are references. */
export interface ConfigEdit {
  readonly path: readonly string[];
  readonly value: unknown;
}

export interface CliHome {
  readonly path: string;
  readonly configPath: string;
  token(): Promise<string>;
  /** Where the home's running gateway is reached; null where none runs. */
  gateway(): Promise<{ readonly url: string; readonly pid: number } | null>;
  check(): Promise<ConfigCheck>;
  /** Whether the configuration has a value there, be it a default; false where it is not good. */
  isSet(path: readonly string[]): Promise<boolean>;
  /**
   * All or nothing; comments and other keys stay. The result is checked before it is written, with the variables of
   * `assumed` taken as set.
   */
  edit(
    edits: readonly ConfigEdit[],
    assumed: Readonly<Record<string, string>>,
  ): Promise<
    | { readonly ok: true; readonly path: string; readonly warnings: readonly Problem[] }
    | { readonly ok: false; readonly problems: readonly Problem[] }
  >;
  /** Keeps a secret in a file of its own; returns what config.yaml must say instead of it. */
  writeSecret(name: string, secret: string): Promise<{ readonly file: string }>;
}

export interface PresetChoice {
  readonly name: string;
  readonly title: string;
  readonly baseUrl: string;
  /** The variable in which its users keep the key; null: it needs none. */
  readonly keyEnv: string | null;
  readonly defaultModel: string | null;
  readonly local: boolean;
  /** Its port belongs to it alone, so that an answer there means it is running. */
  readonly distinctPort: boolean;
}
