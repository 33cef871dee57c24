import type { Check, ControlDeps } from '#control/deps.ts';
import { type Commands, createCommands } from '#control/commands/commands.ts';
import { createControl } from '#control/control.ts';
import { createOwnerPairing } from '#control/people/owner-pairing.ts';
import type { ControlPort } from '#control/surface.ts';
import type { TestGround } from './ground.ts';

export interface TestControl {
  readonly control: ControlPort;
  readonly commands: Commands;
}

export const owner = { person: 'ann', role: 'owner', via: 'test' } as const;

/** The command surface and the chat commands, over the rows of a test. */
export function createTestControl(
  ground: TestGround,
  more: { readonly checks?: readonly Check[]; readonly store?: TestGround['store'] } = {},
): TestControl {
  const store = more.store ?? ground.store;
  const names = ['fake/large', 'fake/small'];
  const deps: ControlDeps = {
    ...ground,
    store,
    process: () => ({
      version: '1.2.3',
      home: '/home',
      model: 'fake/large',
      demo: false,
      ready: true,
      notReady: [],
      rssBytes: 1,
      eventLoopP99Ms: 1,
    }),
    channels: () => [],
    models: () => names,
    checks: more.checks ?? [],
    config: () => Promise.resolve({ path: '/home/config.yaml', yaml: '', problems: [] }),
  };
  const commands = createCommands({
    ...deps,
    model: { names: () => names },
    pairOwner: createOwnerPairing({ ...deps, ...store }),
    defaultQueueMode: () => 'queue',
  });
  return { control: createControl(deps), commands };
}
