import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openGatewayHome } from '#config/gateway-home.ts';
import { createClock } from '#lib/clock.ts';
import { type Seams, noSeams } from '#core/ports/seams.ts';
import { type Gateway, createGateway } from '#main';
import { presets } from '#model/index.ts';

export interface TestGateway {
  readonly url: string;
  readonly token: string;
  readonly home: string;
  readonly gateway: Gateway;
  /** Stops cleanly; the home stays for a next start. */
  stop(): Promise<void>;
  /** Stops and removes the home. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TestGatewayOptions {
  /** Text of config.yaml. */
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A home to go on with. */
  readonly home?: string;
  readonly seams?: Partial<Seams>;
  readonly takeover?: boolean;
}

/** The product's own composition in this process, on a free port and a home of its own, with what a test puts between. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'tiro-gateway-'));
  if (options.config !== undefined) writeFileSync(join(home, 'config.yaml'), options.config);
  const env = { TIRO_TOKEN: 'test-token-0123456789abcdef', ...options.env };
  const furtherChannels = (options.seams?.platforms ?? []).map(({ name }) => name);
  const input = { env, presets, home, flags: { port: 0 }, furtherChannels };
  const opened = await openGatewayHome(input, { clock: createClock(), show: () => undefined });
  const seams = { ...noSeams, ...options.seams };
  const gateway = await createGateway(opened, options.takeover ?? false, seams);
  const { url } = await gateway.start();
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await opened.close();
  };
  return {
    url,
    token: opened.token,
    home,
    gateway,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
