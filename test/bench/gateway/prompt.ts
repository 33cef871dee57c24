import { startFakeModel } from '#test/fakes/model/index.ts';
import { commonPrefix } from '#test/fakes/model/prefix.ts';
import type { FakeRequest } from '#test/fakes/model/protocol.ts';
import { median, sum } from '../statistics.ts';
import { ask } from './load.ts';
import { type Place, startProduct } from './programs.ts';

export interface Prompt {
  /** Characters / 4 of what every request carries: tools and system prompt. */
  readonly fixedTokens: number;
  /** From turn 2 on: the part of a request that the next one begins with, byte for byte. */
  readonly prefixShare: number;
  readonly prefixShareMin: number;
  /** Of all tokens of the conversation, those that the model server took from its cache of 128-token blocks. */
  readonly cachedShare: number;
  /** The part of the first request that two people's conversations have in common. */
  readonly acrossShare: number;
}

const turns = 20;

/** One conversation of twenty turns, every fifth of which calls a tool, seen from the model server. */
export async function measurePrompt(place: Place): Promise<Prompt> {
  const model = await startFakeModel();
  try {
    await using product = await startProduct(place, { home: 'prompt-home', modelUrl: model.url });
    for (let n = 1; n <= turns; n += 1) {
      const text =
        n % 5 === 0 ? 'call now {"timezone":"Europe/Rome"}' : `This is message ${n}, what do you say?`;
      await ask(product.url, undefined, { user: 'ann', text });
    }
    const requests = [...model.requests];
    await ask(product.url, undefined, { user: 'bob', text: 'This is message 1, what do you say?' });
    return promptOf(requests, model.requests.at(-1));
  } finally {
    await model.close();
  }
}

function promptOf(requests: readonly FakeRequest[], other: FakeRequest | undefined): Prompt {
  const [first] = requests;
  if (first === undefined || other === undefined) throw new Error('The model was never asked.');
  const texts = requests.map(serialised);
  const shares = texts.slice(1).map((text, before) => shareOf(texts[before] ?? '', text));
  return {
    fixedTokens: fixedPart(first).length / 4,
    prefixShare: median(shares),
    prefixShareMin: Math.min(...shares),
    cachedShare:
      sum(requests.map((request) => request.cachedTokens)) /
      sum(requests.map((request) => request.promptTokens)),
    acrossShare: shareOf(fixedPart(first), fixedPart(other)),
  };
}

/** In the order in which providers build their cache. */
function serialised({ body }: FakeRequest): string {
  return JSON.stringify(body.tools ?? []) + JSON.stringify(body.messages);
}

function fixedPart({ body }: FakeRequest): string {
  const system = body.messages.filter((message) => message.role === 'system');
  return JSON.stringify(body.tools ?? []) + JSON.stringify(system);
}

function shareOf(before: string, after: string): number {
  return commonPrefix(before, after) / before.length;
}
