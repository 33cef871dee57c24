import type { IdsPort } from '#core/ids.ts';
import type { AdapterPort, Finding } from '#core/ports/adapter.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { ComposePort } from '#core/ports/compose.ts';
import type { DirectoryPort } from '#core/ports/directory.ts';
import type { StorePort } from '#core/store/store.ts';
import type { ChannelReport, ControlSurface, StatusReport } from './surface.ts';

/** One thing that doctor looks at. `online`: it leaves the machine. */
export interface Check {
  readonly area: string;
  readonly online: boolean;
  run(): Promise<readonly Finding[]>;
}

export interface ControlDeps {
  readonly store: StorePort;
  readonly directory: DirectoryPort;
  readonly compose: ComposePort;
  readonly ids: IdsPort;
  readonly clock: ClockPort;
  readonly log: LogPort;
  /** What the process knows of itself and the rows do not. */
  readonly process: () => Pick<
    StatusReport,
    'version' | 'home' | 'model' | 'demo' | 'ready' | 'notReady' | 'rssBytes' | 'eventLoopP99Ms'
  >;
  readonly channels: () => readonly ChannelReport[];
  /** Those that a phone lets in have a `link`. */
  readonly adapters: readonly Pick<AdapterPort, 'name' | 'link'>[];
  readonly models: () => readonly string[];
  readonly checks: readonly Check[];
  /** The configuration with its secrets masked, and what is wrong with it. */
  readonly config: () => Promise<ControlSurface['config.show']['output']>;
}
