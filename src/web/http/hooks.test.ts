import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createClock } from '#lib/clock.ts';
import { until } from '#test/until.ts';
import { type TestWeb, testWeb } from '../testing/web.ts';

interface Setup {
  readonly call: Caller;
  readonly seen: string[];
  /** Time goes on by so much. */
  pass(ms: number): void;
}

type Caller = (head: string, body?: string) => Promise<Call>;

interface Call {
  readonly socket: Socket;
  /** What came back so far. */
  text(): string;
  isClosed(): boolean;
}

/** A web server with one hook, reached as its bytes on a socket. Time limits that are longer than a second take so many milliseconds. */
async function setUp(limitMs = 60_000): Promise<Setup> {
  const seen: string[] = [];
  const handle = async (request: Request): Promise<Response> => {
    const bytes = Buffer.from(await request.arrayBuffer());
    seen.push(`${request.method} ${new URL(request.url).pathname} ${bytes.toString('hex')}`);
    return new Response('taken');
  };
  let passed = 0;
  const clock = createClock();
  const web = testWeb({
    hooks: new Map([['ci', { maxBytes: 1_000, handle }]]),
    clock: {
      ...clock,
      elapsed: () => clock.elapsed() + passed,
      after: (ms, run) => clock.after(ms > 1_000 ? limitMs : ms, run),
    },
  });
  const call = await callerOf(web);
  return { call, seen, pass: (ms) => void (passed += ms) };
}

async function callerOf({ web }: TestWeb): Promise<Caller> {
  const { url } = await web.start();
  onTestFinished(() => web.stop());
  return async (head, body = '') => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    const [pieces, end] = [[] as string[], { closed: false }];
    socket.setEncoding('utf8').on('data', (piece: string) => pieces.push(piece));
    socket.on('close', () => void (end.closed = true)).on('error', () => undefined);
    socket.write(`${head}\r\nHost: localhost\r\n\r\n${body}`);
    return { socket, text: () => pieces.join(''), isClosed: () => end.closed };
  };
}

function answered(call: Call): Promise<true> {
  return until('an answer came', () => call.text() !== '');
}

const drip = 'POST /hooks/ci HTTP/1.1\r\nContent-Length: 500';
const chunked = 'POST /hooks/ci HTTP/1.1\r\nTransfer-Encoding: chunked';

test.each([
  ['announced', drip, 'abc'],
  ['in chunks', chunked, '3\r\nabc\r\n'],
  ['without a byte', drip, ''],
])('a body that drips (%s) is given up, and its connection closed', async (_, head, body) => {
  const { call, seen } = await setUp(100);
  const slow = await call(head, body);
  await until('the connection is closed', slow.isClosed);
  expect(slow.text()).toMatch(/^HTTP\/1\.1 408 /);
  expect(slow.text()).toMatch(/connection: close/i);
  expect(seen).toEqual([]);
});

test('of endless chunks no more is read than the hook takes', async () => {
  const { call, seen } = await setUp();
  const large = await call(chunked, `3e9\r\n${'x'.repeat(1_001)}\r\n`);
  await answered(large);
  expect(large.text()).toMatch(/^HTTP\/1\.1 413 /);
  expect(seen).toEqual([]);
});

test('32 bodies at once; the next is told to come again, or takes the place of one that does not hurry', async () => {
  const { call, seen, pass } = await setUp();
  const slow = await Promise.all(Array.from({ length: 32 }, () => call(drip, 'abc')));
  const whole = 'POST /hooks/ci HTTP/1.1\r\nContent-Length: 2';
  // The server reads sockets in no order that a test could know: all 32 are inside once one is sent away.
  const away: Call[] = [];
  await until('all 32 are inside', async () => {
    const one = await call(whole, 'ok');
    await answered(one);
    if (one.text().startsWith('HTTP/1.1 503 ')) away.push(one);
    return away.length > 0;
  });
  expect(away[0]?.text()).toMatch(/retry-after: 1\r\n/i);
  const before = seen.length;
  pass(1_000);
  const late = await call(whole, 'ok');
  await answered(late);
  expect(late.text()).toMatch(/^HTTP\/1\.1 200 /);
  await until(
    'one of the slow ones went',
    () => slow.filter((one) => one.text().startsWith('HTTP/1.1 408 ')).length === 1,
  );
  expect(seen.length).toBe(before + 1);
  // The place is free now: nobody else has to go.
  const next = await call(whole, 'ok');
  await answered(next);
  expect(next.text()).toMatch(/^HTTP\/1\.1 200 /);
});

test('a hook gets the bytes as they came, under the one address that is its own', async () => {
  const { call, seen } = await setUp();
  const body = '\u{feff}{"a": 1}';
  const said = await call('POST /hooks/%63i?x=1 HTTP/1.1\r\nContent-Length: 11', body);
  await answered(said);
  expect(seen).toEqual([`POST /hooks/ci ${Buffer.from(body).toString('hex')}`]);
});

test.each([
  '/hooks/CI',
  '/hooks/ci/',
  '/hooks/ci.',
  '/hooks//ci',
  '//hooks/ci',
  '/hooks/%2563i',
  '/hooks/ci%00',
  '/hooks/ci%20',
  '/hooks/x/..;/ci',
  '/hooks/ci;x=1',
  '/hooks%2fci',
  '/hooks/.%2e%2fhooks%2fci',
  '/Hooks/ci',
])('%s is no door', async (path) => {
  const { call, seen } = await setUp();
  const said = await call(`POST ${path} HTTP/1.1\r\nContent-Length: 2`, 'ok');
  await answered(said);
  expect(said.text()).toMatch(/^HTTP\/1\.1 404 /);
  expect(seen).toEqual([]);
});

test.each(['TRACE', 'PUT', 'OPTIONS'])('%s is no way to call a hook', async (method) => {
  const { call, seen } = await setUp();
  const said = await call(`${method} /hooks/ci HTTP/1.1\r\nContent-Length: 2`, 'ok');
  await answered(said);
  expect(said.text()).toMatch(/^HTTP\/1\.1 405 /);
  expect(seen).toEqual([]);
});
