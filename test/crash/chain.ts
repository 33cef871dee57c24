import { z } from 'zod';
import { until } from '#test/until.ts';
import type { Arm, GatewayProcess } from './gateway-process.ts';
import { type Scene, type Seen, type Stage, openScene, openStage, stopInGoodOrder } from './run.ts';

const token = 'test-token-0123456789abcdef';
const countsSchema = z.object({
  turns: z.object({ running: z.number() }),
  outbox: z.object({ queued: z.number(), sending: z.number() }),
});

/**
 * Scenario after scenario in one home and chat: each gateway sets right what the kill of the one before it left, and is
 * then killed at the next failpoint itself. The last one stops in good order; only then is looked at what was seen.
 */
export async function runChain(
  next: () => Arm | undefined,
): Promise<readonly { readonly arm: Arm; readonly seen: Seen }[]> {
  await using stage = await openStage();
  const scenes: { readonly arm: Arm; readonly scene: Scene }[] = [];
  let gateway = stage.start();
  await gateway.ready;
  for (let arm = next(); arm !== undefined; arm = next()) {
    gateway = await playOn(stage, gateway, {
      arm,
      number: scenes.length + 1,
      add: (one) => scenes.push(one),
    });
  }
  await stopInGoodOrder(gateway);
  return scenes.map(({ arm, scene }) => ({ arm, seen: scene.seen() }));
}

interface Next {
  readonly arm: Arm;
  readonly number: number;
  add(one: { readonly arm: Arm; readonly scene: Scene }): void;
}

/** Returns the gateway that goes on. */
async function playOn(
  stage: Stage,
  gateway: GatewayProcess,
  { arm, number, add }: Next,
): Promise<GatewayProcess> {
  const scene = openScene(stage, number);
  await gateway.arm(arm, scene.trace);
  add({ arm, scene });
  const answered = scene.say();
  await Promise.race([gateway.ended, answered.then(() => quiet(gateway))]);
  if (!gateway.hasEnded()) return gateway;
  const { signal, code } = await gateway.ended;
  if (signal !== 'SIGKILL') throw new Error(`It ended by itself: code ${code}, signal ${signal}.`);
  scene.killed();
  const second = stage.start();
  await answered;
  await quiet(second);
  return second;
}

/** Nothing of what was said is under way any more, or it has ended. */
async function quiet(gateway: GatewayProcess): Promise<void> {
  const url = await gateway.ready;
  await until('nothing is under way', async () => gateway.hasEnded() || (await isQuiet(url ?? '')));
  if (gateway.hasEnded()) await gateway.ended;
}

async function isQuiet(url: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer: unknown = await fetch(`${url}/api/control/status`, {
    method: 'POST',
    headers,
    body: '{}',
  }).then(
    (response) => response.json(),
    () => null, // it is gone
  );
  const counts = countsSchema.safeParse(answer);
  if (!counts.success) return false;
  const { turns, outbox } = counts.data;
  return turns.running === 0 && outbox.queued === 0 && outbox.sending === 0;
}
