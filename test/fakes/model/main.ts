import { parseArgs } from 'node:util';
import { startFakeModel } from './index.ts';

/** `node test/fakes/model/main.ts --port N --latency 20 --slots 8 --keep 100` prints its address and serves until it is ended. */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    latency: { type: 'string', default: '0' },
    slots: { type: 'string' },
    keep: { type: 'string', default: '100' },
  },
});
const fake = await startFakeModel({
  port: Number(values.port),
  latencyMs: Number(values.latency),
  keep: Number(values.keep),
  ...(values.slots === undefined ? {} : { slots: Number(values.slots) }),
});
console.log(fake.url);
