import { createAdaptorServer } from '@hono/node-server';
import type { Server } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import { TiroError, messageOf } from '#core/errors.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { WebOptions } from './deps.ts';

/** After this, connections that are still open are cut. */
const closeWithinMs = 2_000;
const lookEveryMs = 20;
const askWithinMs = 1_000;

type AnyServer = Server | Http2Server | Http2SecureServer;

export interface HttpServer {
  readonly url: string;
  /** Takes no more connections, lets answers in progress go out for a moment, then closes. */
  close(): Promise<void>;
}

export type Fetch = (request: Request, env: object) => Response | Promise<Response>;

/** Rejects as `unavailable`, in words, when the address cannot be had. */
export async function listen(
  deps: { readonly clock: ClockPort },
  options: WebOptions,
  fetch: Fetch,
): Promise<HttpServer> {
  // The library's own Request and Response stay its own: other parts of the process keep the platform's.
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false });
  try {
    await bind(server, options);
  } catch (error) {
    throw await bindFailure(error, options, deps.clock);
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { url: `http://${bracketed(options.host)}:${port}`, close: () => close(server, deps.clock) };
}

function bind(server: AnyServer, { host, port }: WebOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function bindFailure(error: unknown, { host, port }: WebOptions, clock: ClockPort): Promise<TiroError> {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const where = `${bracketed(host)}:${port}`;
  if (code === 'EADDRINUSE') {
    const who = (await isTiro(where, clock)) ? 'another Tiro gateway' : 'another program';
    const message = `Port ${port} on ${host} is taken by ${who}. Stop it, or choose another port: tiro start --port ${port + 1}`;
    return new TiroError('unavailable', message, { cause: error });
  }
  if (code === 'EACCES') {
    const message = `Port ${port} needs rights this user does not have. Choose one over 1023: tiro start --port 4180`;
    return new TiroError('unavailable', message, { cause: error });
  }
  const message = `Cannot listen on ${where}: ${messageOf(error)}. Check --host and --port.`;
  return new TiroError('unavailable', message, { cause: error });
}

async function isTiro(where: string, clock: ClockPort): Promise<boolean> {
  const tooSlow = new AbortController();
  const cancel = clock.after(askWithinMs, () => tooSlow.abort());
  try {
    const answer = await fetch(`http://${where}/healthz`, { signal: tooSlow.signal });
    const body: unknown = await answer.json();
    return typeof body === 'object' && body !== null && 'name' in body && body.name === 'tiro';
  } catch {
    return false; // whoever listens does not speak as a gateway does
  } finally {
    cancel();
  }
}

async function close(server: AnyServer, clock: ClockPort): Promise<void> {
  const closed = new AbortController();
  server.close(() => closed.abort());
  // A connection that is kept alive is idle only once its answer is out, and nobody tells when that is.
  for (let waited = 0; !closed.signal.aborted; waited += lookEveryMs) {
    if ('closeIdleConnections' in server) server.closeIdleConnections();
    if (waited >= closeWithinMs && 'closeAllConnections' in server) server.closeAllConnections();
    await clock.sleep(lookEveryMs, closed.signal);
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
