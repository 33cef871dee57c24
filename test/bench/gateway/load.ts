import { Agent, request } from 'node:http';
import { z } from 'zod';
import { token } from './programs.ts';

/** One request and its answer. `mark` is in the text, so that the model server's report can be matched. */
export interface Timed {
  readonly mark: string;
  readonly tookMs: number;
}

export interface Load {
  readonly timed: readonly Timed[];
  /** From the first request to the last answer. */
  readonly elapsedMs: number;
}

export interface LoadOptions {
  readonly users: number;
  /** Each user's, one after another. */
  readonly requests: number;
  /** In every user's name and mark: no two loads share a conversation. */
  readonly label: string;
}

/** `users` people at the same time, each a conversation of its own, each asking again as soon as it is answered. */
export async function runLoad(url: string, options: LoadOptions): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.users });
  const startedAt = performance.now();
  try {
    const users = Array.from({ length: options.users }, (_, index) => `${options.label}-u${index}`);
    const all = await Promise.all(
      users.map((user) => runUser({ url, agent, user, requests: options.requests })),
    );
    return { timed: all.flat(), elapsedMs: performance.now() - startedAt };
  } finally {
    agent.destroy();
  }
}

async function runUser(options: {
  readonly url: string;
  readonly agent: Agent;
  readonly user: string;
  readonly requests: number;
}): Promise<readonly Timed[]> {
  const timed: Timed[] = [];
  for (let n = 1; n <= options.requests; n += 1) {
    const mark = `${options.user}-n${n}`;
    const startedAt = performance.now();
    const text = `[${mark}] Good morning, please tell me what is new since I asked you last time.`;
    const answer = await ask(options.url, options.agent, { user: options.user, text });
    if (!answer.includes(`[${mark}]`)) throw new Error(`The answer to ${mark} is another one: ${answer}`);
    timed.push({ mark, tookMs: performance.now() - startedAt });
  }
  return timed;
}

const completionSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })),
});

/** Asks over the OpenAI-compatible API. Rejects for anything but a 200 with an answer. */
export async function ask(
  url: string,
  agent: Agent | undefined,
  said: { readonly user: string; readonly text: string },
): Promise<string> {
  const body = JSON.stringify({
    model: 'tiro',
    user: said.user,
    messages: [{ role: 'user', content: said.text }],
  });
  const { status, text } = await post(`${url}/v1/chat/completions`, agent, body);
  if (status !== 200) throw new Error(`${url} answered ${status}: ${text}`);
  const [choice] = completionSchema.parse(JSON.parse(text)).choices;
  return choice?.message.content ?? '';
}

/** node:http instead of fetch: the clients share the machine with what they measure, so they must be cheap. */
export function post(
  url: string,
  agent: Agent | undefined,
  body: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      authorization: `Bearer ${token}`,
    };
    const sent = request(url, { method: 'POST', headers, ...(agent === undefined ? {} : { agent }) });
    sent.once('error', reject);
    sent.once('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
      );
    });
    sent.end(body);
  });
}
