import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeModel } from '#test/fakes/model/index.ts';
import type { Channel } from '../campaign/platform/channel.ts';
import { type Recorder, createRecorder } from '../campaign/recorder.ts';
import type { Surroundings } from '../gateway-process.ts';
import { createScript } from '../campaign/script.ts';
import { noFront } from '../campaign/platform/channel.ts';
import { createTelegramChannel } from '../campaign/platform/telegram.ts';
import { startEffectCounter } from '../effects.ts';

/** What one trial stands on: a home, the platform, the model and the world that tools act on. */
export interface Stage extends AsyncDisposable {
  readonly recorder: Recorder;
  readonly channel: Channel;
  readonly surroundings: Surroundings;
}

/** `folder` is shared by trials, so that only the first one compiles the product. */
export async function openStage(folder: string, nodeArgs: readonly string[]): Promise<Stage> {
  const recorder = createRecorder();
  const effects = await startEffectCounter((acted) =>
    recorder.add({ type: 'effect', at: Date.now(), ...acted }),
  );
  const model = await startFakeModel({ script: createScript(recorder) });
  // Previews are rows, and there is more to break in them than in drafts.
  const channel = await createTelegramChannel(recorder, noFront, ['sendMessageDraft']);
  const home = mkdtempSync(join(folder, 'home-'));
  writeFileSync(join(home, 'config.yaml'), configOf(model.url, channel));
  return {
    recorder,
    channel,
    surroundings: { folder, home, effectsUrl: effects.url, nodeArgs },
    async [Symbol.asyncDispose]() {
      await channel.close();
      await model.close();
      await effects.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function configOf(modelUrl: string, channel: Channel): string {
  return `
model:
  default: fake/m
  providers:
    fake: { baseUrl: "${modelUrl}", apiKey: test-key-0123456789, models: { m: { context: 16000, priceIn: 0, priceOut: 0 } } }
channels:
  ${channel.name}: ${channel.config}
people:
  ann: { role: owner, identities: ["telegram:7"] }
conversation: { coalesceMs: 0 }
`;
}
