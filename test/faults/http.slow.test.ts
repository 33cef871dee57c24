import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '#test/until.ts';
import { type FaultyWorld, memoryMb, startFaultyWorld } from './world.ts';

let world: FaultyWorld;
const open: net.Socket[] = [];
beforeAll(async () => {
  world = await startFaultyWorld({ model: { keep: 5 } });
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});
afterAll(() => world[Symbol.asyncDispose]());

const megabyte = 1024 * 1024;

/** A client that writes HTTP by hand; `got` is what it has read. */
async function connect(text: string, reads = true) {
  const url = new URL(world.gateway.url);
  const socket = net.connect({ port: Number(url.port), host: url.hostname });
  open.push(socket);
  const state = { got: '', how: 'open' };
  if (reads) socket.on('data', (piece) => (state.got += piece.toString('latin1')));
  socket.on('error', (error) => (state.how = String(error)));
  socket.on('close', () => (state.how = state.how === 'open' ? 'closed' : state.how));
  await once(socket, 'connect');
  socket.write(text);
  return { socket, state };
}

function head(line: string, ...headers: readonly string[]): string {
  const { host } = new URL(world.gateway.url);
  const lines = [line, `host: ${host}`, `authorization: Bearer ${world.gateway.token}`, ...headers];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Somebody else asks and is answered in time, whatever the others do. */
async function othersAreServed(): Promise<void> {
  for (let i = 0; i < 3; i += 1) {
    const { status, tookMs } = await world.ask(`beside it ${i}`);
    expect(status).toBe('done');
    expect(tookMs).toBeLessThan(5_000);
  }
  expect((await fetch(`${world.gateway.url}/healthz`)).status).toBe(200);
}

test('300 clients that never finish their headers or their bodies keep nobody else waiting', async () => {
  const before = memoryMb();
  for (let i = 0; i < 150; i += 1) {
    await connect('POST /api/messages HTTP/1.1\r\nhost: x\r\nx-slow: ');
    const { socket } = await connect(
      head('POST /api/messages HTTP/1.1', 'content-type: application/json', 'content-length: 1000'),
    );
    socket.write('{"te');
  }
  for (const socket of open) socket.write('x');
  await othersAreServed();
  for (const socket of open) socket.write('x');
  expect(memoryMb() - before).toBeLessThan(60);
});

test.each([
  ['announced', 'content-length: 1000000000'],
  ['in chunks', 'transfer-encoding: chunked'],
])('a body of 1 GB, %s, is refused before it has come', async (_, header) => {
  const before = memoryMb();
  const { socket, state } = await connect(head('POST /api/messages HTTP/1.1', header));
  const piece = header.startsWith('content') ? Buffer.alloc(65_536, 'x') : chunk(65_536);
  let sent = 0;
  while (state.got === '' && state.how === 'open' && sent < 1_000_000_000) {
    sent += piece.length;
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => null), sleep(50)]);
    else await sleep(0);
  }
  await until('it is told', () => state.got.includes(' 413 '));
  expect(sent).toBeLessThan(64 * megabyte);
  expect(memoryMb() - before).toBeLessThan(80);
  await othersAreServed();
});

function chunk(bytes: number): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.toString(16)}\r\n`),
    Buffer.alloc(bytes, 'x'),
    Buffer.from('\r\n'),
  ]);
}

test('readers of the feed that never read, or a byte now and then, are let go of; the others miss nothing', async () => {
  const reader = await connect(head('GET /api/events HTTP/1.1'), false);
  let [heard, last] = [0, -1];
  reader.socket.on('data', (piece) => {
    heard += piece.length;
    last = Number(/"text":"big (\d+) /.exec(piece.toString('latin1'))?.[1] ?? last);
  });
  const idle: Awaited<ReturnType<typeof connect>>[] = [];
  for (let i = 0; i < 5; i += 1) {
    idle.push(await connect(head('GET /api/events HTTP/1.1'), false));
    const slow = await connect(head('GET /api/events HTTP/1.1'), false);
    slow.socket.on('readable', () => void slow.socket.read(1));
  }
  const before = memoryMb();
  for (let i = 0; i < 20; i += 1) {
    await world.ask(`big ${i} ${'much text '.repeat(90_000)}`);
    await world.ask('/new');
  }
  await until('the reader has all', () => last >= 19);
  expect(heard).toBeGreaterThan(17 * megabyte);
  // What they did not read is not kept for them: each is let go of, with what was on its way.
  for (const { socket } of idle) {
    let [read, tail] = [0, ''];
    socket.on('data', (piece) => {
      read += piece.length;
      tail = (tail + piece.toString('latin1')).slice(-5);
    });
    await until('it was let go of', () => tail === '0\r\n\r\n');
    expect(read).toBeLessThan(12 * megabyte);
  }
  expect(memoryMb() - before).toBeLessThan(400);
  await othersAreServed();
});

test('500 readers with nothing to read cost little, hear of what happens, and do not hold up a stop', async () => {
  const before = memoryMb();
  const readers: Awaited<ReturnType<typeof connect>>[] = [];
  for (let i = 0; i < 500; i += 1) readers.push(await connect(head('GET /api/events HTTP/1.1')));
  await until('all follow', () => readers.every(({ state }) => state.got.includes('retry:')));
  await othersAreServed();
  await until('all heard', () => readers.every(({ state }) => state.got.includes('beside it 2')));
  expect(memoryMb() - before).toBeLessThan(120);
  for (let i = 0; i < 20; i += 1) {
    const { socket } = await connect(head('POST /api/messages HTTP/1.1', 'content-length: 1000'));
    socket.write('{');
  }
  const begun = performance.now();
  await world.restart();
  expect(performance.now() - begun).toBeLessThan(10_000);
  await othersAreServed();
});
