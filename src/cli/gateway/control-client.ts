import { TiroError } from '#core/errors.ts';
import type { Actor, ControlName, ControlSurface } from '#control/surface.ts';
import type { CliDeps, CliHome } from '../deps.ts';
import { callGateway, type Gateway, type HttpDeps, NobodyThere } from './http.ts';

export interface ControlClient {
  run<K extends ControlName>(
    name: K,
    input: ControlSurface[K]['input'],
  ): Promise<ControlSurface[K]['output']>;
  /** Where the running gateway answers; null: the rows are read in this process, and nothing is being worked on. */
  readonly gateway: Gateway | null;
  close(): Promise<void>;
}

export const cliActor: Actor = { person: 'owner', role: 'owner', via: 'cli' };

type ClientDeps = HttpDeps & Pick<CliDeps, 'openControl'>;

/** Asks the home's running gateway; where none runs, opens the rows in this process at the first command. */
export async function openClient(deps: ClientDeps, home: CliHome): Promise<ControlClient> {
  const gateway = await findGateway(deps, home);
  return gateway === null ? inProcessClient(deps, home) : httpClient(deps, gateway);
}

/** The running gateway, or null. One whose address nobody answers at is gone. */
export async function findGateway(deps: HttpDeps, home: CliHome): Promise<Gateway | null> {
  const address = await home.gateway();
  if (address === null) return null;
  const gateway = { url: address.url, token: await home.token() };
  try {
    await callGateway(deps, gateway, { method: 'GET', path: '/api/status' });
  } catch (error) {
    if (error instanceof NobodyThere) return null;
    // Running, but not well: the command itself will say how.
    if (!(error instanceof TiroError) || error.code === 'denied') throw error;
  }
  return gateway;
}

export function httpClient(deps: HttpDeps, gateway: Gateway): ControlClient {
  return {
    gateway,
    close: () => Promise.resolve(),
    async run<K extends ControlName>(name: K, input: ControlSurface[K]['input']) {
      const path = `/api/control/${name}`;
      const answer = await callGateway(deps, gateway, { method: 'POST', path, body: input });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the gateway is the same programme: the surface is typed on both ends
      return answer as ControlSurface[K]['output'];
    },
  };
}

function inProcessClient(deps: ClientDeps, home: CliHome): ControlClient {
  let opened: ReturnType<CliDeps['openControl']> | null = null;
  return {
    gateway: null,
    close: async () => (await opened)?.close(),
    run: async (name, input) => {
      opened ??= deps.openControl({ home: home.path });
      return (await opened).control.run(name, input, cliActor);
    },
  };
}
