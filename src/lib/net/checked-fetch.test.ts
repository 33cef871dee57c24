import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCheckedFetch } from './checked-fetch.ts';

let server: Server;
let url: string;
let now: number;
let checks: number;
const bodies: string[] = [];
const ports = new Set<number | undefined>();

beforeEach(async () => {
  [now, checks] = [0, 0];
  bodies.length = 0;
  ports.clear();
  server = createServer((request, response) => {
    ports.add(request.socket.remotePort);
    request.setEncoding('utf8').on('data', (piece: string) => bodies.push(piece));
    request.on('end', () => response.end('heard'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Time goes on by so much behind each of the first checks, and not at all otherwise. */
function fetchWith(
  pausesMs: readonly number[],
  check = (): Promise<void> => Promise.resolve(),
): typeof fetch {
  // Read once as the time of the check, and once when the byte is about to go.
  let reads = 0;
  const elapsed = (): number => {
    if (reads % 2 === 1) now += pausesMs[(reads - 1) / 2] ?? 0;
    reads += 1;
    return now;
  };
  return createCheckedFetch({ elapsed }, () => {
    checks += 1;
    return check();
  });
}

async function post(send: typeof fetch, body: string | ReadableStream): Promise<string> {
  return (await send(url, { method: 'POST', body, duplex: 'half' })).text();
}

test('a request is checked once and goes', async () => {
  expect(await post(fetchWith([]), 'one')).toBe('heard');
  expect([checks, bodies]).toEqual([1, ['one']]);
});

test('of one that was stopped behind its check no byte goes before it is checked again', async () => {
  expect(await post(fetchWith([10_000]), 'one')).toBe('heard');
  expect([checks, bodies, ports.size]).toEqual([2, ['one'], 1]);
});

test('a check that was asked before the stop does not count after it', async () => {
  const check = (): Promise<void> => {
    if (checks === 1) now += 10_000;
    return Promise.resolve();
  };
  expect(await post(fetchWith([], check), 'one')).toBe('heard');
  expect([checks, bodies]).toEqual([2, ['one']]);
});

test('and none at all when the check then fails', async () => {
  const check = (): Promise<void> => (checks > 1 ? Promise.reject(new Error('fenced')) : Promise.resolve());
  await expect(post(fetchWith([10_000], check), 'one')).rejects.toThrow('fenced');
  expect(bodies).toEqual([]);
});

test('a network that is always slow gets through', async () => {
  expect(await post(fetchWith([500, 500, 500, 500]), 'one')).toBe('heard');
  expect([checks, bodies]).toEqual([4, ['one']]);
});

test('a body that can be read only once is sent once', async () => {
  const body = new Blob(['one']).stream();
  expect(await post(fetchWith([10_000]), body)).toBe('heard');
  expect([checks, bodies]).toEqual([1, ['one']]);
});

test('what the network does is told as by fetch', async () => {
  const send = fetchWith([]);
  await expect(send('http://127.0.0.1:1/')).rejects.toThrow('fetch failed');
  const stopped = AbortSignal.abort(new Error('stopped'));
  await expect(send(url, { signal: stopped })).rejects.toThrow('stopped');
});

test('head and body go in the very moment of the last look at the clock', async () => {
  const log: string[] = [];
  const write = Socket.prototype.write;
  const spy = vi.spyOn(Socket.prototype, 'write').mockImplementation(function (this: Socket, ...args) {
    log.push(Buffer.from(args[0]).includes('the body') ? 'body' : 'head');
    return Reflect.apply(write, this, args);
  });
  const elapsed = (): number => {
    log.push('asked');
    queueMicrotask(() => log.push('later'));
    return 0;
  };
  const send = createCheckedFetch({ elapsed }, () => Promise.resolve());
  await post(send, 'the body');
  spy.mockRestore();
  const last = log.lastIndexOf('asked');
  expect(log.indexOf('body')).toBeGreaterThan(last);
  expect(log.indexOf('later', last)).toBeGreaterThan(log.indexOf('body'));
});
