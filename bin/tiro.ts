/** The program: hands the terminal, the environment and the ways to start a gateway to the command line. */
import { runCli } from '#cli/run.ts';
import type { RunningGateway, StartOptions } from '#cli/deps.ts';
import { allowsColor, readEnvironment } from '#config/environment.ts';
import { openHome } from '#config/open-home.ts';
import { createClock } from '#lib/clock.ts';
import { randomToken } from '#lib/random.ts';
import { presets } from '#model/catalogue/presets.ts';
import manifest from '../package.json' with { type: 'json' };

const { stdin, stdout, stderr } = process;
const env = readEnvironment();
const clock = createClock();

process.exitCode = await runCli(process.argv.slice(2), {
  version: manifest.version,
  stdin,
  stdout,
  stderr,
  env,
  clock,
  fetch,
  terminal: {
    input: stdin.isTTY,
    output: stdout.isTTY,
    color: stdout.isTTY && allowsColor(env),
    columns: () => stdout.columns ?? 80,
    rows: () => stdout.rows ?? 24,
  },
  onSignal: (signal, listener) => {
    process.on(signal, listener);
    return () => void process.off(signal, listener);
  },
  openHome: (home) => openHome({ env, presets, home }),
  presets: Object.values(presets),
  randomToken,
  startGateway,
  openControl: async ({ home }) => {
    const { gateway, close } = await build({ home, host: null, port: null, takeover: false, quiet: true });
    return { control: gateway.control, close };
  },
  renderTerminal: await createRenderer(process.argv[2]),
});
process.exit();

/** The kernel is loaded only by the commands that need it. */
async function build(options: StartOptions) {
  const [{ createGateway }, { openGatewayHome }] = await Promise.all([
    import('#main'),
    import('#config/gateway-home.ts'),
  ]);
  const { home, host, port, takeover, quiet } = options;
  const show = quiet ? () => undefined : showTrouble;
  const opened = await openGatewayHome({ env, presets, home, flags: { host, port } }, { clock, show });
  const gateway = await createGateway(opened, takeover);
  const close = async (): Promise<void> => {
    await gateway.stop();
    await opened.close();
  };
  return { gateway, close };
}

async function startGateway(options: StartOptions): Promise<RunningGateway> {
  const { gateway, close } = await build(options);
  const { url } = await gateway.start();
  return { ...gateway, url, stop: close };
}

/** What goes wrong while the gateway runs is shown where it was started, in one line. */
function showTrouble(text: string): void {
  stderr.write(`${text}\n`);
}

/** Only the commands that show answers pay for loading the renderer. */
async function createRenderer(command = ''): Promise<(markdown: string) => string> {
  if (!['chat', 'send', 'conversations'].includes(command)) return (markdown) => markdown;
  const [{ createRender }, { renderWhole }] = await Promise.all([
    import('#render/index.ts'),
    import('#render/whole.ts'),
  ]);
  return renderWhole(createRender(), 'terminal');
}
