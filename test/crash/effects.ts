import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';

const effectSchema = z.object({
  tool: z.string(),
  effect: z.enum(['pure', 'keyed', 'once']),
  message: z.string(),
  key: z.string(),
});
export type Acted = Readonly<z.infer<typeof effectSchema>>;

/** The world that tools act on: a server that counts what was done to it, whatever the gateway's rows say. */
export interface EffectCounter {
  readonly url: string;
  readonly effects: readonly Acted[];
  close(): Promise<void>;
}

/** An act is done, and told to `onAct`, before it is answered. */
export async function startEffectCounter(
  onAct: (acted: Acted) => void = () => undefined,
): Promise<EffectCounter> {
  const effects: Acted[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const acted = effectSchema.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
      effects.push(acted);
      onAct(acted);
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    effects,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
