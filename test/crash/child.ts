import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { noSeams } from '#core/ports/seams.ts';
import { startTestGateway } from '#test/gateway.ts';
import { failpointSeams } from './failpoints.ts';
import { countedTools } from './tools.ts';

/**
 * The gateway as a process of its own that writes each failpoint it passes into `--trace` and, where it passes the one
 * named by `--kill` for the `--nth` time, is gone at that instant as by kill -9.
 */
const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    trace: { type: 'string' },
    effects: { type: 'string' },
    kill: { type: 'string' },
    nth: { type: 'string' },
  },
});
const { home = '', trace = '', effects = '', kill, nth = '1' } = values;
let passed = 0;

function hit(point: string): void {
  appendFileSync(trace, `${point}\n`);
  if (point !== kill) return;
  passed += 1;
  if (passed === Number(nth)) process.kill(process.pid, 'SIGKILL');
}

const tools = countedTools(effects, hit);
const rules = tools.map((tool) => ({ tool: tool.spec.name, decision: 'allow' as const }));
const { url } = await startTestGateway({ home, seams: { ...noSeams, ...failpointSeams(hit), tools, rules } });
process.stdout.write(`ready ${url}\n`);
