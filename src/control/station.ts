import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ModelPort } from '#core/ports/model.ts';
import type { QueueMode } from '#core/turn.ts';
import { type CheckDeps, createChecks } from './health/checks.ts';
import { runChores } from './life/chores.ts';
import { createGivenUp } from './life/given-up.ts';
import { createOutages } from './life/outages.ts';
import { type Commands, createCommands } from './commands/commands.ts';
import { createControl } from './control.ts';
import type { ControlDeps } from './deps.ts';
import { createFacts, type FactsDeps } from './health/facts.ts';
import { createLinking } from './people/linking.ts';
import type { ControlPort } from './surface.ts';

export interface ControlStationDeps extends Omit<
  ControlDeps,
  'process' | 'channels' | 'models' | 'checks' | 'config' | 'adapters'
> {
  readonly version: string;
  readonly model: ModelPort;
  readonly adapters: readonly AdapterPort[];
  readonly channels: FactsDeps['channels'];
  /** The home as config opened it. */
  readonly home: {
    readonly paths: { readonly home: string };
    readonly token: string;
    readonly mode: () => Promise<number>;
    readonly show: ControlDeps['config'];
    readonly config: () => { readonly demo: boolean; readonly conversation: { readonly queue: QueueMode } };
    readonly settings: Pick<CheckDeps, 'problems' | 'warnings'>;
  };
}

/** The command surface, the chat commands and the small duties, over the rows. */
export function createControlStation(deps: ControlStationDeps): {
  readonly control: ControlPort;
  readonly commands: Commands;
  readonly chores: (signal: AbortSignal) => Promise<void>;
} {
  const { home, store } = deps;
  const parts = { ...deps, ...store };
  const demo = (): boolean => home.config().demo;
  const facts = createFacts({ ...deps, home: home.paths.home, demo });
  const checks = createChecks({
    ...deps,
    home: home.paths.home,
    token: home.token,
    homeMode: () => home.mode(),
    demo,
    problems: () => home.settings.problems(),
    warnings: () => home.settings.warnings(),
  });
  const duties = [createGivenUp(deps), createOutages({ ...deps, channels: facts.channels })];
  return {
    control: createControl({ ...deps, ...facts, checks, config: () => home.show() }),
    commands: createCommands({
      ...deps,
      useCode: createLinking(parts),
      defaultQueueMode: () => home.config().conversation.queue,
    }),
    chores: (signal) => runChores({ ...parts, duties }, signal),
  };
}
