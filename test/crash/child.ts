import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { noSeams } from '#core/ports/seams.ts';
import { whatsappSeam } from '#test/fakes/whatsapp/seam.ts';
import { startTestGateway } from '#test/gateway.ts';
import { type Committed, repliesIn } from './committed.ts';
import { failpointSeams } from './failpoints.ts';
import { askedTool, countedTools } from './tools.ts';

/**
 * The gateway as a process of its own that, where it passes the failpoint named by `--kill` for the `--nth` time, is gone
 * at that instant as by kill -9 (with `--stop` it stands still there as by SIGSTOP); `--note` is then a file that says
 * when, and which replies it had committed. It writes each failpoint it passes into `--trace`, or each once into
 * `--names`. A line on its standard input names the next failpoint and the next trace; it counts from there. It ends
 * with whoever holds that input.
 */
const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    effects: { type: 'string' },
    trace: { type: 'string' },
    names: { type: 'string' },
    note: { type: 'string' },
    kill: { type: 'string' },
    nth: { type: 'string' },
    stop: { type: 'boolean' },
    takeover: { type: 'boolean' },
  },
});
const { home = '', effects = '', takeover = false } = values;
const armedSchema = z.object({ point: z.string().optional(), nth: z.number(), trace: z.string().optional() });
const committed: Committed[] = [];
const known = new Set<string>();
let armed = armedSchema.parse({ point: values.kill, nth: Number(values.nth ?? 1), trace: values.trace });
let passed = 0;

function hit(point: string): void {
  if (armed.trace !== undefined) appendFileSync(armed.trace, `${point}\n`);
  if (values.names !== undefined && !known.has(point)) appendFileSync(values.names, `${point}\n`);
  known.add(point);
  if (point !== armed.point) return;
  passed += 1;
  if (passed !== armed.nth) return;
  if (values.note !== undefined) {
    writeFileSync(`${values.note}.part`, JSON.stringify({ point, at: Date.now(), committed }));
    renameSync(`${values.note}.part`, values.note);
  }
  process.kill(process.pid, values.stop === true ? 'SIGSTOP' : 'SIGKILL');
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    armed = armedSchema.parse(JSON.parse(line));
    passed = 0;
    process.stdout.write('armed\n');
  })
  .on('close', () => process.kill(process.pid, 'SIGKILL'));
const tools = countedTools(effects, hit);
const rules = tools.map(({ spec: { name } }) => ({
  tool: name,
  decision: name === askedTool ? ('ask' as const) : ('allow' as const),
}));
const seams = {
  ...noSeams,
  ...failpointSeams(hit, (input) => committed.push(...repliesIn(input))),
  tools,
  rules,
  // The product's own cannot be pointed at a fake.
  platforms: [whatsappSeam],
};
const { url, gateway, stop } = await startTestGateway({ home, seams, takeover });
process.on('SIGTERM', () => void stop().then(() => process.exit(0)));
void gateway.ended.then(({ exitCode }) => process.exit(exitCode));
process.stdout.write(`ready ${url}\n`);
flushCompileCache();
