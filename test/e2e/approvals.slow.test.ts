import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Tool, defineTool } from '#core/tool.ts';
import { until } from '#test/until.ts';
import { type World, startWorld } from './world.ts';

/** A tool that no rule allows: it asks. */
function dangerous(ran: string[]): Tool {
  return defineTool({
    name: 'danger',
    description: 'Does something that needs a yes.',
    input: z.object({ what: z.string() }),
    effect: 'once',
    timeoutMs: 5_000,
    resultLimit: 1_000,
    roles: ['owner', 'member'],
    run: async ({ what }) => {
      ran.push(what);
      return { ok: true, content: `${what} was done` };
    },
  });
}

async function ask(world: World, what: string): Promise<string> {
  world.telegram.userText(`call danger {"what":"${what}"}`);
  const prompt = await until('the ask is shown', () =>
    world.telegram.messages(7).findLast((shown) => shown.text.includes(what)),
  );
  return /Approval ([0-9A-Z]{4})/.exec(prompt.text)?.[1] ?? '';
}

const shows = (world: World, text: string) => () =>
  world.telegram.messages(7).some((shown) => shown.text.includes(text));

test('an ask parks the turn, the chat goes on, and a pressed button runs exactly what was shown', async () => {
  const ran: string[] = [];
  await using world = await startWorld({ gateway: { seams: { tools: [dangerous(ran)] } } });
  const id = await ask(world, 'paint the house');
  world.telegram.userText('meanwhile');
  await until('the chat goes on', shows(world, 'You said: meanwhile'));
  expect(ran).toEqual([]);
  const button = world.telegram
    .messages(7)
    .flatMap((shown) => shown.buttons)
    .find(({ text }) => text === 'Approve');
  world.telegram.pressButton(button?.value ?? '');
  await until('the model is told', () =>
    world.model.requests.some((request) => request.raw.includes('paint the house was done')),
  );
  expect(ran).toEqual(['paint the house']);
  world.telegram.userText(`approve ${id}`);
  await until('a late yes is told', shows(world, 'approved already'));
  expect(ran).toHaveLength(1);
});

test('a denial with its reason reaches the model, and nothing runs', async () => {
  const ran: string[] = [];
  await using world = await startWorld({ gateway: { seams: { tools: [dangerous(ran)] } } });
  const id = await ask(world, 'sell the car');
  world.telegram.userText(`deny ${id} because I need it`);
  await until('the model is told why', () =>
    world.model.requests.some((request) => request.raw.includes('I need it')),
  );
  expect(ran).toEqual([]);
});

test('approvals survive a restart and are decided over the API as well', async () => {
  const ran: string[] = [];
  await using world = await startWorld({ gateway: { seams: { tools: [dangerous(ran)] } } });
  const id = await ask(world, 'book the flight');
  await world.restart();
  const decided = z.object({ status: z.literal('approved') });
  await world.ask(`/api/approvals/${id}`, decided, { body: { decision: 'once' } });
  await until('it ran', () => ran.length === 1);
  expect(ran).toEqual(['book the flight']);
});

test('/stop voids the ask: a later yes changes nothing', async () => {
  const ran: string[] = [];
  await using world = await startWorld({ gateway: { seams: { tools: [dangerous(ran)] } } });
  const id = await ask(world, 'burn the letters');
  world.telegram.userText('/stop');
  await until('it is stopped', shows(world, '1 open approval'));
  world.telegram.userText(`approve ${id}`);
  await until('it is void', shows(world, 'void already'));
  expect(ran).toEqual([]);
});

test('/status, /help and /stop answer while a turn runs', async () => {
  await using world = await startWorld();
  world.model.faultNext({ kind: 'hang' });
  world.telegram.userText('think long');
  await until('the model is asked', () => world.model.requests.length === 1);
  world.telegram.userText('/status');
  await until('status is told', shows(world, 'I am working on an answer'));
  world.telegram.userText('/help');
  await until('help is told', shows(world, '/approve ID'));
  world.telegram.userText('/stop');
  await until('it is stopped', shows(world, 'Stopped: 1 running answer'));
  await until('the request was hung up', () => world.model.requests[0]?.aborted);
  world.telegram.userText('again');
  await until('the chat goes on', shows(world, 'again'));
});
