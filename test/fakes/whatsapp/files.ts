import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Where encrypted files lie: `POST /mms/…` takes one, `GET` of its path gives it. */
export interface Files {
  /** By path. */
  readonly stored: Map<string, Buffer>;
  put(bytes: Buffer): string;
  /** So many times the server does not say where files go to. */
  refuse(times: number): void;
  /** Whether it says so now. */
  isOpen(): boolean;
  /** True: it was about a file. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
}

export function createFiles(): Files {
  const stored = new Map<string, Buffer>();
  let toRefuse = 0;
  const put = (bytes: Buffer): string => {
    const path = `/v/t62/${createHash('sha256').update(bytes).digest('hex')}?ccb=1`;
    stored.set(path, bytes);
    return path;
  };
  const keep = async (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    await answered(response, put(await take(request)));
  return {
    stored,
    put,
    refuse: (times) => void (toRefuse = times),
    isOpen: () => {
      toRefuse = Math.max(-1, toRefuse - 1);
      return toRefuse < 0;
    },
    handle: (request, response) => {
      const path = request.url ?? '';
      if (request.method === 'POST' && path.startsWith('/mms/')) {
        void keep(request, response);
        return true;
      }
      if (!path.startsWith('/v/')) return false;
      const bytes = stored.get(path);
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
      return true;
    },
  };
}

async function answered(response: ServerResponse, path: string): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ url: `https://mmg.whatsapp.net${path}`, direct_path: path }));
}

export async function take(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
