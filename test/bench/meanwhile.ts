import { openGatewayHome } from '#config/gateway-home.ts';
import { noSeams } from '#core/ports/seams.ts';
import { createClock } from '#lib/clock.ts';
import { createGateway } from '#main';
import { presets } from '#model/index.ts';

const home = process.argv[process.argv.indexOf('--home') + 1] ?? '';
const opened = await openGatewayHome(
  { env: process.env, presets, home, flags: { port: 0 } },
  { clock: createClock(), onLogError: (error) => console.error(error) },
);
const gateway = await createGateway(opened, false, noSeams);
const { url } = await gateway.start();
console.log(`tiro ready ${url}`);
process.once('SIGTERM', async () => {
  await gateway.stop();
  await opened.close();
  process.exit(0);
});
