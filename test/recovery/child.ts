import { appendFileSync, existsSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { ModelPort } from '#core/ports/model.ts';
import { noSeams } from '#core/ports/seams.ts';
import type { StorePort } from '#core/store/store.ts';
import { type Effect, type Tool, defineTool } from '#core/tool.ts';
import { startTestGateway } from '#test/gateway.ts';

/**
 * The gateway as a process of its own whose work can be held up: while the file `hold-NAME` stands in its home, whoever
 * passes that gate waits there. The model seam throws for the word BROKEN while `broken` stands there, and ends the
 * process as by kill -9 for the word DEADLY while `deadly` does. Each effect of a tool is a line of `effects`.
 */
const { values } = parseArgs({ options: { home: { type: 'string' } } });
const { home = '' } = values;

const has = (name: string): boolean => existsSync(join(home, name));
const note = (file: string, line: string): void => appendFileSync(join(home, file), `${line}\n`);

async function gate(name: string, signal?: AbortSignal): Promise<void> {
  if (!has(`hold-${name}`)) return;
  note('held', name);
  while (has(`hold-${name}`)) {
    signal?.throwIfAborted();
    await sleep(10);
  }
}

function tool(name: string, effect: Effect): Tool {
  return defineTool({
    name,
    description: `Does something (${effect}).`,
    input: z.object({}),
    effect,
    timeoutMs: 60_000,
    resultLimit: 1_000,
    roles: ['owner', 'member'],
    run: async (_input, { effectKey, signal }) => {
      await gate(name, signal);
      note('effects', `${name} ${effectKey}`);
      return { ok: true, content: `${name} is done` };
    },
  });
}

/** Runs on when it is asked to stop: a drain must not wait for it. */
const deaf = defineTool({
  name: 'deaf',
  description: 'Does not heed its signal.',
  input: z.object({}),
  effect: 'pure',
  timeoutMs: 60_000,
  resultLimit: 1_000,
  roles: ['owner', 'member'],
  run: async () => {
    await gate('deaf');
    note('effects', 'deaf -');
    return { ok: true, content: 'deaf is done' };
  },
});

function wrapModel(model: ModelPort): ModelPort {
  return {
    ...model,
    call: async (request, hooks, signal) => {
      const last = JSON.stringify(request.messages.findLast(({ role }) => role === 'user') ?? '');
      if (last.includes('DEADLY') && has('deadly')) process.kill(process.pid, 'SIGKILL');
      if (last.includes('BROKEN') && has('broken')) {
        note('held', 'broken');
        throw new Error('the seam is broken');
      }
      return model.call(request, hooks, signal);
    },
  };
}

function wrapStore(store: StorePort): StorePort {
  const { events, turns, outbox } = store;
  return {
    ...store,
    events: {
      ...events,
      settleCommand: async (input) => {
        await gate('command');
        return events.settleCommand(input);
      },
    },
    turns: {
      ...turns,
      claim: (plan) => (has('hold-claims') ? Promise.resolve({ type: 'none' }) : turns.claim(plan)),
    },
    outbox: { ...outbox, claim: (input) => (has('hold-outbox') ? Promise.resolve([]) : outbox.claim(input)) },
  };
}

const tools = [
  tool('look', 'pure'),
  tool('keep', 'keyed'),
  tool('ring', 'once'),
  tool('danger', 'once'),
  deaf,
];
const rules = ['look', 'keep', 'ring', 'deaf'].map((name) => ({ tool: name, decision: 'allow' as const }));
const seams = { ...noSeams, tools, rules, model: wrapModel, store: wrapStore };
const { url, gateway, stop } = await startTestGateway({ home, seams });
process.on('SIGTERM', () => void stop().then(() => process.exit(0)));
process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume();
void gateway.ended.then(({ exitCode }) => process.exit(exitCode));
process.stdout.write(`ready ${url}\n`);
flushCompileCache();
