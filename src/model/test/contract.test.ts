import { createClock } from '#lib/clock.ts';
import { testModel } from '#test/contract/model.ts';
import { startFakeModel } from '#test/fakes/model/index.ts';
import { createModel } from '../index.ts';
import { modelWith, settingsFor, silentLog } from './setting.ts';

testModel({
  name: 'openai client over loopback',
  setup: async () => {
    const fake = await startFakeModel({ slots: 8 });
    return { model: modelWith(settingsFor(fake.url)), teardown: () => fake.close() };
  },
});

testModel({
  name: 'demo',
  setup: () => {
    const nothing = { default: null, fallback: [], background: null, providers: {} };
    const deps = { clock: createClock(), random: { next: () => 0.5 }, log: silentLog };
    return Promise.resolve({ model: createModel(deps, () => nothing), teardown: () => Promise.resolve() });
  },
});
