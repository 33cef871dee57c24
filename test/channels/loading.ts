import { registerHooks } from 'node:module';

/**
 * A gateway over the home of `--home`, in a process that writes down each package that is loaded: prints their names when
 * the gateway has started and is connected, and ends.
 */
const loaded = new Set<string>();
registerHooks({
  load: (url, context, next) => {
    const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1];
    if (name !== undefined) loaded.add(name);
    return next(url, context);
  },
});
const home = process.argv[2];
if (home === undefined) throw new Error('Which home?');
const { startTestGateway } = await import('#test/gateway.ts');
const { whatsappSeam } = await import('#test/fakes/whatsapp/seam.ts');
const { until } = await import('#test/until.ts');
const gateway = await startTestGateway({ home, seams: { platforms: [whatsappSeam] } });
// Some load their library when they connect.
await until('every channel is connected', async () => (await fetch(`${gateway.url}/readyz`)).ok);
process.stdout.write(`${JSON.stringify([...loaded].sort())}\n`);
await gateway.stop();
process.exit(0);
