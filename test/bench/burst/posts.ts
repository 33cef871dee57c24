import { Agent } from 'node:http';
import { z } from 'zod';
import { post } from '../gateway/load.ts';

export interface Posts {
  /** Ids of the events that were answered with 202. */
  readonly accepted: string[];
  readonly tookMs: number[];
  /** Answers of another kind, or none. */
  refused: number;
}

export interface PostOptions {
  readonly count: number;
  readonly connections: number;
  /** Begins no more once it is aborted. */
  readonly signal?: AbortSignal;
}

const acceptedSchema = z.object({ event: z.string() });

/** `POST /api/messages`, so many at a time as there are connections; resolves when all are answered. Never rejects. */
export async function postAll(url: string, into: Posts, options: PostOptions): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  let begun = 0;
  const client = async (): Promise<void> => {
    while (begun < options.count && options.signal?.aborted !== true) {
      begun += 1;
      await postOne(`${url}/api/messages`, agent, { into, text: `Number ${begun} of the posts.` });
    }
  };
  await Promise.all(Array.from({ length: options.connections }, client));
  agent.destroy();
}

async function postOne(
  url: string,
  agent: Agent,
  { into, text }: { readonly into: Posts; readonly text: string },
): Promise<void> {
  const startedAt = performance.now();
  try {
    const answer = await post(url, agent, JSON.stringify({ text }));
    if (answer.status !== 202) throw new Error(`It answered ${answer.status}.`);
    into.accepted.push(acceptedSchema.parse(JSON.parse(answer.text)).event);
    into.tookMs.push(performance.now() - startedAt);
  } catch {
    into.refused += 1; // counted; when the gateway is killed the last ones are cut off
  }
}
