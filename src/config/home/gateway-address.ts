import { rm } from 'node:fs/promises';
import { z } from 'zod';
import type { HomePaths } from './paths.ts';
import { hasCode, readTextOrNull, writePrivateFile } from './private-file.ts';

const gatewaySchema = z.object({ url: z.url(), pid: z.int().positive() });
export type GatewayAddress = Readonly<z.infer<typeof gatewaySchema>>;

/** Written by a gateway once it takes messages. */
export async function writeGatewayAddress(paths: HomePaths, address: GatewayAddress): Promise<void> {
  await writePrivateFile(paths.gateway, `${JSON.stringify(address)}\n`);
}

/** Removed by a gateway that stops, unless another has taken the home over meanwhile. */
export async function removeGatewayAddress(paths: HomePaths, pid: number): Promise<void> {
  const address = await readGatewayFile(paths);
  if (address?.pid === pid) await rm(paths.gateway, { force: true });
}

/**
 * Where the home's gateway is reached, or null where none runs. A file left by a gateway that is gone counts as none:
 * its port may belong to somebody else by now, who must not get the token.
 */
export async function readGatewayAddress(paths: HomePaths): Promise<GatewayAddress | null> {
  const address = await readGatewayFile(paths);
  return address !== null && isAlive(address.pid) ? address : null;
}

async function readGatewayFile(paths: HomePaths): Promise<GatewayAddress | null> {
  const text = await readTextOrNull(paths.gateway);
  if (text === null) return null;
  try {
    const parsed = gatewaySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // not JSON: not written by a gateway
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM'); // alive, and somebody else's
  }
}
