import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { defineTool } from '#core/tool.ts';
import { createWarpClock } from '#test/faults/clock.ts';
import { type Receiver, startReceiver } from '#test/fakes/webhook/receiver.ts';
import { type SenderEndpoint, signed } from '#test/fakes/webhook/sender.ts';
import { until } from '#test/until.ts';
import { type World, startWorld } from './world.ts';

/** What a webhook causes through the whole gateway: in a chat, at a URL, as a stranger and as the owner. */

const replySecret = `whsec_${Buffer.from('reply-secret-of-the-whole-way').toString('base64')}`;
const ci: SenderEndpoint = { name: 'ci', scheme: 'github', secret: 'secret-of-the-whole-way-ci' };
const ops: SenderEndpoint = { name: 'ops', scheme: 'github', secret: 'secret-of-the-whole-way-ops' };

/** `ci` answers in telegram:7 as a guest; `ops` acts as the owner and answers where `opsReplyTo` says. */
async function setUp(opsReplyTo: string, more: Parameters<typeof startWorld>[0] = {}): Promise<World> {
  const entry = ({ name, secret, scheme }: SenderEndpoint, replyTo: string): string =>
    `    ${name}: { secret: "${secret}", scheme: ${scheme}, prompt: "{{text}}", replyTo: ${replyTo} }\n`;
  const channel = `  webhook:\n   endpoints:\n${entry(ci, '"telegram:7"')}${entry(ops, opsReplyTo)}`;
  const world = await startWorld({
    ...more,
    rewrite: (config) =>
      config
        .replace('people:', `${channel}people:`)
        .replace('["telegram:7"]', '["telegram:7", "webhook:ops"]'),
  });
  onTestFinished(() => world[Symbol.asyncDispose]());
  return world;
}

async function withReceiver(): Promise<Receiver> {
  const receiver = await startReceiver({ secret: replySecret });
  onTestFinished(() => receiver.close());
  return receiver;
}

async function tell({ gateway }: World, endpoint: SenderEndpoint, text: string): Promise<void> {
  const body = JSON.stringify({ text });
  const init = signed({ endpoint, id: `msg_${text.length}`, body, now: Date.now, headers: {} });
  const response = await fetch(`${gateway.url}/hooks/${endpoint.name}`, init);
  expect(response.status).toBe(200);
}

const shown = (world: World, what: string) =>
  until(`${what} is shown`, () => world.telegram.messages(7).find(({ text }) => text.includes(what)));
const toolsOf = (world: World, what: string): unknown =>
  world.model.requests.find(({ raw }) => raw.includes(what))?.body.tools;

test('an event is answered in the chat that the endpoint names, without tools and in a conversation of its own', async () => {
  const world = await setUp('"telegram:7"');
  world.telegram.userText('hello');
  await shown(world, 'You said: hello');
  await tell(world, ci, 'the build broke');
  await tell(world, ci, '/stop');
  await tell(world, ci, 'approve 7F3K');
  await shown(world, 'the build broke');
  await shown(world, '/stop');
  await shown(world, 'approve 7F3K');
  expect(world.telegram.messages(7)).toHaveLength(4);
  expect(toolsOf(world, 'the build broke') ?? []).toEqual([]);
  expect(toolsOf(world, 'hello')).not.toEqual([]);
  // Nobody else's words stand before it.
  const request = world.model.requests.find(({ raw }) => raw.includes('the build broke'));
  expect(request?.raw).not.toContain('You said: hello');
  const conversations = await world.run('conversations.list', { limit: 9 });
  expect(
    conversations
      .map(({ person, chat }) => `${person?.replace(/-[0-9a-f]{12}$/, '')} ${chat.replace(/\/.*/, '')}`)
      .sort(),
  ).toEqual([
    'ann telegram:7',
    'guest-webhook-ci webhook:ci',
    'guest-webhook-ci webhook:ci',
    'guest-webhook-ci webhook:ci',
  ]);
});

test('a long answer grows in that chat and stands there once', async () => {
  const world = await setUp('"telegram:7"');
  const words = Array.from({ length: 30 }, (_, n) => `word${n}`).join(' ');
  world.model.setScript(() => ({ text: words, pieces: 10, everyMs: 150 }));
  await tell(world, ci, 'tell me more');
  await shown(world, 'word29');
  await until('it is whole', () => world.telegram.messages(7).some(({ text }) => text === words));
  expect(world.telegram.messages(7)).toHaveLength(1);
});

test('as the owner it may ask, the owner is asked in that chat, and the yes goes back to its conversation', async () => {
  const ran: string[] = [];
  const danger = defineTool({
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
  const world = await setUp('"telegram:7"', { gateway: { seams: { tools: [danger] } } });
  const calls = [{ id: 'call_1', name: 'danger', arguments: '{"what":"paint the house"}' }];
  world.model.setScript(({ raw }) =>
    raw.includes('was done') ? { text: 'Painted.' } : { toolCalls: calls },
  );
  await tell(world, ops, 'the house is grey');
  const asked = await shown(world, 'paint the house');
  expect(ran).toEqual([]);
  const button = asked.buttons.find(({ text }) => text === 'Approve');
  world.telegram.pressButton(button?.value ?? '');
  await shown(world, 'Painted.');
  expect(ran).toEqual(['paint the house']);
});

test('a file that it sends is sent to that chat', async () => {
  const world = await setUp('"telegram:7"');
  const args = JSON.stringify({ name: 'report.csv', content: 'a,b\n1,2\n' });
  world.model.setScript(({ raw }) =>
    raw.includes('Queued: report.csv')
      ? { text: 'Sent.' }
      : { toolCalls: [{ id: 'call_1', name: 'send_file', arguments: args }] },
  );
  await tell(world, ops, 'the report please');
  await shown(world, 'Sent.');
  await until('the file is there', async () => (await world.run('status', {})).outbox.sent === 2);
  expect(world.telegram.calls.filter(({ method }) => method === 'sendDocument')).toHaveLength(1);
});

test('what is for the owner is said where the owner reads, not where a program does that acts as the owner', async () => {
  const receiver = await withReceiver();
  const clock = createWarpClock(1);
  const world = await setUp(`{ url: "${receiver.url}/ops", secret: "${replySecret}" }`, {
    gateway: { seams: { clock: clock.seam } },
  });
  world.telegram.userText('hello');
  await shown(world, 'You said: hello');
  await tell(world, ops, 'first');
  await until('it is called back', () => receiver.calls.some(({ text }) => text.includes('first')));
  receiver.failNext('forbidden');
  await tell(world, ops, 'second');
  await until('it is given up', async () => (await world.run('status', {})).outbox.dead === 1);
  clock.setSpeed(60);
  await shown(world, 'given up');
  expect(receiver.calls).toHaveLength(1);
});

test('a message to "another chat" of the owner is never one to a program', async () => {
  const receiver = await withReceiver();
  const world = await setUp(`{ url: "${receiver.url}/ops", secret: "${replySecret}" }`);
  await tell(world, ops, 'first');
  await until('it is called back', () => receiver.calls.length === 1);
  world.telegram.userText('call send_message {"to":"webhook","text":"psst"}');
  await until('the tool has said no', () =>
    world.model.requests.some(({ raw }) => raw.includes('no chat of this person matches webhook')),
  );
  expect(receiver.calls).toHaveLength(1);
});

test('an answer that is sent to the own gateway ends there', async () => {
  let gatewayUrl = '';
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    void passOn(request, response);
  });
  const passOn = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status } = await forward(request);
    statuses.push(status);
    response.writeHead(status).end();
  };
  const forward = async (request: IncomingMessage): Promise<Response> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(Buffer.from(piece));
    const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      /^(?:webhook-|tiro-|content-type|idempotency)/.test(name) ? [[name, String(value)]] : [],
    );
    return fetch(`${gatewayUrl}${request.url}`, { method: 'POST', headers, body: Buffer.concat(pieces) });
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hooks/loop`;
  const loop: SenderEndpoint = { name: 'loop', scheme: 'standard', secret: replySecret };
  const replyTo = `{ url: "${url}", secret: "${replySecret}" }`;
  const entry = `loop: { secret: "${replySecret}", scheme: standard, prompt: "{{text}}", replyTo: ${replyTo} }`;
  const world = await startWorld({
    rewrite: (config) => config.replace('people:', `  webhook: { endpoints: { ${entry} } }\npeople:`),
  });
  onTestFinished(() => world[Symbol.asyncDispose]());
  gatewayUrl = world.gateway.url;
  await tell(world, loop, 'round and round');
  await until('its answer came back', () => statuses.length === 1);
  await until('it counts as sent', async () => (await world.run('status', {})).outbox.sent === 1);
  expect(statuses).toEqual([200]);
  const status = await world.run('status', {});
  expect(status.events).toMatchObject({ done: 1, queued: 0, refused: 0 });
  expect(world.model.requests).toHaveLength(1);
});
