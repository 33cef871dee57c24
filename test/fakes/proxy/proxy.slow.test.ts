import { once } from 'node:events';
import net from 'node:net';
import * as fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { until } from '#test/until.ts';
import { type ChaosProxy, startProxy } from './index.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

/** Keeps what it got on each connection, and answers each piece with the same. */
async function startEcho() {
  const got: { bytes: Buffer; how: 'open' | 'end' | 'error' }[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const one: (typeof got)[number] = { bytes: Buffer.alloc(0), how: 'open' };
    got.push(one);
    sockets.add(socket);
    socket.on('data', (piece) => {
      one.bytes = Buffer.concat([one.bytes, piece]);
      socket.write(piece);
    });
    socket.on('end', () => {
      one.how = 'end';
      socket.end();
    });
    socket.on('error', () => {
      one.how = 'error';
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const echo = {
    url: `http://127.0.0.1:${port}`,
    got,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  open.push(echo);
  return echo;
}

async function setUp() {
  const echo = await startEcho();
  const proxy = await startProxy(echo.url);
  open.push(proxy);
  return { echo, proxy };
}

function connect(proxy: ChaosProxy) {
  const socket = net.connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  const state: { bytes: Buffer; how: string } = { bytes: Buffer.alloc(0), how: 'open' };
  socket.on('data', (piece) => (state.bytes = Buffer.concat([state.bytes, piece])));
  socket.on('end', () => (state.how = 'end'));
  socket.on('error', (error) => (state.how = 'code' in error ? String(error.code) : 'error'));
  socket.on('close', () => (state.how = state.how === 'open' ? 'closed' : state.how));
  open.push({ [Symbol.asyncDispose]: async () => void socket.destroy() });
  return { socket, state, text: () => state.bytes.toString('latin1') };
}

test('transparent: any bytes in any pieces come through in order, both ways, and so does the end', async () => {
  const { echo, proxy } = await setUp();
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 70_000 }), { maxLength: 8 });
  const latency = fc.integer({ min: 0, max: 3 });
  await fc.assert(
    fc.asyncProperty(pieces, latency, async (sent, latencyMs) => {
      proxy.set({ latencyMs });
      const { socket, state } = connect(proxy);
      for (const piece of sent) socket.write(piece);
      socket.end();
      await until('it has ended', () => state.how !== 'open');
      expect(state.how).toBe('end');
      expect(state.bytes.equals(Buffer.concat(sent))).toBe(true);
      expect(echo.got.at(-1)?.bytes.equals(Buffer.concat(sent))).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('latency: later by so much each way, and pieces that wait do not add up', async () => {
  const { proxy } = await setUp();
  proxy.set({ latencyMs: 60 });
  const times: number[] = [];
  // A busy machine is late now and then; what adds up is late each time.
  for (let round = 0; round < 5; round += 1) {
    const { socket, text } = connect(proxy);
    const begun = performance.now();
    for (const piece of ['a', 'b', 'c', 'd']) socket.write(piece);
    await until('all came back', () => text() === 'abcd');
    times.push(performance.now() - begun);
  }
  expect(Math.min(...times)).toBeGreaterThanOrEqual(119);
  expect(Math.min(...times)).toBeLessThan(119 * 4);
});

test('throttled: bytes take their time, and the sender is held back instead of memory filled', async () => {
  const { proxy } = await setUp();
  proxy.set({ bytesPerSecond: 20_000 });
  const { socket, state } = connect(proxy);
  const begun = performance.now();
  socket.write(Buffer.alloc(4_000));
  await until('all came back', () => state.bytes.length === 4_000);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(150);
  socket.write(Buffer.alloc(16 * 1024 * 1024));
  await until('it is held back', () => socket.writableNeedDrain);
  proxy.set({});
  await until('the speed is felt at once', () => state.bytes.length > 4_000_000);
});

test.each(['close', 'reset'] as const)('cut after N bytes, upwards and downwards, by %s', async (cutBy) => {
  const { echo, proxy } = await setUp();
  proxy.set({ cutAfterDown: 3, cutBy });
  const down = connect(proxy);
  down.socket.write('abcdef');
  await until('it has ended', () => down.state.how !== 'open');
  if (cutBy === 'close') expect(down.text()).toBe('abc');
  expect(down.state.how).toBe(cutBy === 'close' ? 'end' : 'ECONNRESET');
  proxy.set({ cutAfterUp: 3 });
  const up = connect(proxy);
  up.socket.write('abcdef');
  await until('it has ended', () => up.state.how !== 'open');
  await until('the upstream got its part', () => echo.got.at(-1)?.bytes.toString() === 'abc');
});

test('a black hole accepts and never answers; refused and reset are told at once', async () => {
  const { echo, proxy } = await setUp();
  proxy.set({ connect: 'black-hole' });
  const hole = connect(proxy);
  await once(hole.socket, 'connect');
  hole.socket.write('hello');
  await proxy.refuse();
  const refused = connect(proxy);
  await until('it is refused', () => refused.state.how === 'ECONNREFUSED');
  await proxy.heal();
  proxy.set({ connect: 'reset' });
  const reset = connect(proxy);
  await until('it is reset', () => reset.state.how === 'ECONNRESET');
  proxy.set({});
  const fine = connect(proxy);
  fine.socket.write('hello');
  await until('it passes again', () => fine.text() === 'hello');
  expect([hole.state.how, hole.text(), echo.got.length]).toEqual(['open', '', 1]);
});

test('half-open: both ends look alive, nothing passes, and healing does not wake them', async () => {
  const { echo, proxy } = await setUp();
  const dead = connect(proxy);
  dead.socket.write('before');
  await until('it lives', () => dead.text() === 'before');
  proxy.freeze();
  dead.socket.write('after');
  dead.socket.end();
  await proxy.heal();
  const fine = connect(proxy);
  fine.socket.write('hello');
  await until('a new one passes', () => fine.text() === 'hello');
  expect([dead.state.how, dead.text()]).toEqual(['open', 'before']);
  expect(echo.got[0]).toMatchObject({ how: 'open', bytes: Buffer.from('before') });
});

test('a dropped response: the request arrived, no byte comes back, and only so many are hit', async () => {
  const { echo, proxy } = await setUp();
  proxy.set({ response: 'drop', only: 'POST /send', times: 1, cutBy: 'reset' });
  const other = connect(proxy);
  other.socket.write('GET /poll');
  await until('another is not hit', () => other.text() === 'GET /poll');
  const hit = connect(proxy);
  hit.socket.write('POST /send');
  await until('its answer is lost', () => hit.state.how === 'ECONNRESET');
  expect([hit.text(), echo.got[1]?.bytes.toString()]).toEqual(['', 'POST /send']);
  const again = connect(proxy);
  again.socket.write('POST /send');
  await until('the next is not hit', () => again.text() === 'POST /send');
  expect(proxy.counts()).toMatchObject({ opened: 3, hits: 1 });
});

test('duplicated: the response twice, the request twice', async () => {
  const { echo, proxy } = await setUp();
  proxy.set({ response: 'twice' });
  const twice = connect(proxy);
  twice.socket.write('ab');
  await until('it came twice', () => twice.text() === 'abab');
  proxy.set({ request: 'twice' });
  const request = connect(proxy);
  request.socket.write('POST /x');
  await until(
    'the upstream got it twice',
    () => echo.got.filter(({ bytes }) => bytes.includes('POST /x')).length === 2,
  );
  await until('its own answer came', () => request.text() !== '');
  expect(request.text()).toBe('POST /x');
});

test('a keep-alive connection: only the request that is meant is hit, the one behind it is not', async () => {
  const { proxy } = await setUp();
  proxy.set({ response: 'twice', only: '/send' });
  const { socket, text } = connect(proxy);
  for (const [request, sum] of [
    ['GET /a', 'GET /a'],
    ['POST /send', 'GET /aPOST /sendPOST /send'],
    ['GET /b', 'GET /aPOST /sendPOST /sendGET /b'],
  ] as const) {
    socket.write(request);
    await until(`${request} was answered`, () => text() === sum);
  }
});

test('what the upstream does is passed on: its end as an end, no upstream at all as a reset', async () => {
  const { echo, proxy } = await setUp();
  const { socket, state } = connect(proxy);
  socket.end('bye');
  await until('both have ended', () => state.how === 'end' && echo.got[0]?.how === 'end');
  const nowhere = await startProxy('http://127.0.0.1:1');
  open.push(nowhere);
  const lost = connect(nowhere);
  await until('it is reset', () => lost.state.how === 'ECONNRESET');
  await until('nothing is left', () => nowhere.counts().live === 0);
});
