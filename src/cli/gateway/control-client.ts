import { z } from 'zod';
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

type ClientDeps = HttpDeps & Pick<CliDeps, 'openControl' | 'version'>;

/** The gateway runs well, but does not speak as this command does. */
class OtherVersion extends TiroError {}

function otherVersion(running: string, mine: string): OtherVersion {
  const what = `The running gateway is Tiro ${running}, this command is ${mine}.`;
  return new OtherVersion('unavailable', `${what} Start the gateway again, then repeat the command.`);
}

/** Asks the home's running gateway; where none runs, opens the rows in this process at the first command. */
export async function openClient(deps: ClientDeps, home: CliHome): Promise<ControlClient> {
  const gateway = await findGateway(deps, home);
  return gateway === null ? inProcessClient(deps, home) : httpClient(deps, gateway);
}

const statusSchema = z.object({ version: z.string() });

/**
 * The running gateway, or null. One whose address nobody answers at is gone. Rejects as `unavailable` when it is of
 * another version than this command: it was started before an update, and its answers may have other shapes.
 */
export async function findGateway(
  deps: HttpDeps & Pick<CliDeps, 'version'>,
  home: CliHome,
): Promise<Gateway | null> {
  const address = await home.gateway();
  if (address === null) return null;
  const gateway = { url: address.url, token: await home.token() };
  try {
    const status = statusSchema.safeParse(
      await callGateway(deps, gateway, { method: 'GET', path: '/api/status' }),
    );
    const running = status.data?.version ?? 'something else';
    if (running !== deps.version) throw otherVersion(running, deps.version);
  } catch (error) {
    if (error instanceof NobodyThere) return null;
    // Running, but not well: the command itself will say how.
    if (!(error instanceof TiroError) || error.code === 'denied' || error instanceof OtherVersion)
      throw error;
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
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- trusted, not checked: `findGateway` compares version numbers where the gateway answers, and two states of the code can have one number
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
