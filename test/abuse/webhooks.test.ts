import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClock } from '#lib/clock.ts';
import { startFakeModel, type FakeModel } from '#test/fakes/model/index.ts';
import { startReceiver, type Receiver } from '#test/fakes/webhook/receiver.ts';
import { type Message, type SenderEndpoint, signed } from '#test/fakes/webhook/sender.ts';
import { repeat } from '#test/faults/world.ts';
import { startTestGateway, type TestGateway } from '#test/gateway.ts';
import { until } from '#test/until.ts';

/** Cases 24 to 36 of the abuse catalogue: a running gateway with one endpoint of each kind. */

const whsec = (words: string): string => `whsec_${Buffer.from(words).toString('base64')}`;
const replySecret = whsec('reply-secret-of-the-abuse-tests');
const standard: SenderEndpoint = {
  name: 'std',
  scheme: 'standard',
  secret: whsec('secret-of-the-standard-one'),
};
const github: SenderEndpoint = { name: 'hub', scheme: 'github', secret: 'secret-of-the-github-one' };
const plain: SenderEndpoint = { name: 'mac', scheme: 'hmac-sha256', secret: 'secret-of-the-plain-one' };
const rare: SenderEndpoint = { name: 'rare', scheme: 'github', secret: 'secret-of-the-rare-one' };
/** What reading a body may take, in this gateway. */
const bodyWithinMs = 200;

let model: FakeModel;
let receiver: Receiver;
let gateway: TestGateway;

beforeAll(async () => {
  model = await startFakeModel({ script: repeat });
  receiver = await startReceiver({ secret: replySecret });
  gateway = await startTestGateway({ config: configWith([standard, github, plain, rare]), seams: { clock } });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await receiver.close();
  await model.close();
});

function clock(): ReturnType<typeof createClock> {
  const real = createClock();
  return { ...real, after: (ms, run) => real.after(ms === 10_000 ? bodyWithinMs : ms, run) };
}

function configWith(endpoints: readonly SenderEndpoint[]): string {
  const entries = endpoints.map(({ name, scheme, secret }) => {
    const replyTo = `{ url: "${receiver.url}/${name}", secret: "${replySecret}" }`;
    const prompt = '{{text}} {{__proto__.polluted}} {{constructor.name}}';
    const perMinute = name === 'rare' ? 2 : 6_000;
    return `    ${name}: { secret: "${secret}", scheme: ${scheme}, prompt: "${prompt}", replyTo: ${replyTo}, perMinute: ${perMinute} }\n`;
  });
  return `
model:
  default: fake/m
  providers:
    fake: { baseUrl: "${model.url}", apiKey: test-key-0123456789, models: { m: { context: 128000, priceIn: 0, priceOut: 0 } } }
channels:
  webhook:
   endpoints:
${entries.join('')}`;
}

let lastId = 0;
function message(endpoint: SenderEndpoint, change: Partial<Message> = {}): Message {
  lastId += 1;
  const body = JSON.stringify({ text: `word${lastId}` });
  return { endpoint, id: `msg_${lastId}`, body, now: Date.now, headers: {}, ...change };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function post(path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(`${gateway.url}${path}`, { method: 'POST', ...init });
  return { status: response.status, text: await response.text() };
}

function tell(told: Message, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const init = signed(told);
  return post(`/hooks/${told.endpoint.name}`, { ...init, headers: { ...init.headers, ...headers } });
}

/** Bytes on a socket; resolves with all that came back when the gateway closes it. */
async function raw(text: string): Promise<string> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const pieces: string[] = [];
  socket.setEncoding('utf8').on('data', (piece: string) => pieces.push(piece));
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return pieces.join('');
}

async function storedEvents(): Promise<number> {
  const status = await gateway.gateway.control.run(
    'status',
    {},
    { person: 'ann', role: 'owner', via: 'test' },
  );
  return Object.values(status.events).reduce((sum, one) => sum + one, 0);
}

async function nothingIsStored(act: () => Promise<unknown>): Promise<void> {
  const before = await storedEvents();
  await act();
  expect(await storedEvents()).toBe(before);
}

test('case 24: no signature: 401, nothing stored, and the log has it', () =>
  nothingIsStored(async () => {
    for (const { name } of [standard, github, plain]) {
      expect(await post(`/hooks/${name}`, { body: '{"text":"hello"}' })).toEqual({ status: 401, text: '' });
    }
    expect(readFileSync(join(gateway.home, 'logs/gateway.log'), 'utf8')).toContain('webhook.unsigned');
  }));

test.each(['', '   ', 'whsec_', 'short'])(
  'case 25: with the secret %j the gateway does not start',
  async (secret) => {
    const config = configWith([{ ...standard, secret }]);
    await expect(startTestGateway({ config })).rejects.toMatchObject({ code: 'bad-config' });
  },
);

test('case 26: whatever is wrong with a signature, the answer is the same', () =>
  nothingIsStored(async () => {
    const told = message(plain);
    const { 'x-signature-256': right = '' } = signed(told).headers;
    const mac = right.replace('sha256=', '');
    const odd = [
      mac.toUpperCase(),
      mac.slice(0, -1),
      `${mac}0`,
      mac.slice(0, 2),
      '',
      'x',
      `sha1=${mac}`,
      `sha256=sha256=${mac}`,
      mac.repeat(100),
      `\u{00ff}${mac}`,
      Buffer.from(mac, 'hex').toString('base64').slice(0, -2),
    ];
    for (const signature of odd) {
      const answer = await tell(told, { 'x-signature-256': signature });
      expect(answer, signature).toEqual({ status: 401, text: '' });
    }
  }));

test('case 27: what is signed are the bytes, not what they mean', async () => {
  const told = message(github, { body: '{"text": "same", "n": 1}' });
  const same = { ...told, body: '{"text":"same","n":1}' };
  const { 'x-hub-signature-256': signature = '' } = signed(told).headers;
  expect(await tell(same, { 'x-hub-signature-256': signature })).toEqual({ status: 401, text: '' });
  expect((await tell(told)).status).toBe(200);
});

test('case 28: the same request again is one turn, also after a restart', async () => {
  for (const endpoint of [standard, github, plain]) {
    const told = message(endpoint);
    const before = await storedEvents();
    const first = await tell(told);
    expect(first.status).toBe(200);
    expect(await tell(told)).toEqual(first);
    await until('it is answered', () => receiver.calls.some(({ text }) => text.includes(`word${lastId}"`)));
    await gateway.stop();
    gateway = await startTestGateway({ home: gateway.home, seams: { clock } });
    expect(await tell(told)).toEqual(first);
    // A header that nobody signed is no other event.
    expect(await tell(told, { 'x-github-delivery': 'another' })).toEqual(first);
    expect(await storedEvents()).toBe(before + 1);
    expect(receiver.calls.filter(({ text }) => text.includes(`word${lastId}"`))).toHaveLength(1);
  }
});

test('case 29: a time more than five minutes off is refused', () =>
  nothingIsStored(async () => {
    for (const off of [-302_000, 302_000]) {
      const told = message(standard, { now: () => Date.now() + off });
      expect(await tell(told)).toEqual({ status: 401, text: '' });
    }
  }));

test('case 30: the same signature in base64 and base64url is the same delivery', async () => {
  const told = message(plain);
  const mac = createHmac('sha256', plain.secret).update(told.body).digest();
  const before = await storedEvents();
  const answers = [];
  for (const signature of [mac.toString('base64'), mac.toString('base64url'), mac.toString('hex')])
    answers.push(await tell(told, { 'x-signature-256': signature }));
  const byOther = { ...message(standard), id: 'msg_twice' };
  const { 'webhook-signature': given = '' } = signed(byOther).headers;
  for (const signature of [given, given.replaceAll('+', '-').replaceAll('/', '_').replace('=', '')])
    answers.push(await tell(byOther, { 'webhook-signature': signature }));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(await storedEvents()).toBe(before + 2);
});

test('case 31: what is too large or drips is given up before it is looked at', () =>
  nothingIsStored(async () => {
    const huge = await post('/hooks/hub', { body: 'x'.repeat(1_048_577) });
    expect(huge.status).toBe(413);
    const began = performance.now();
    const slow = await raw('POST /hooks/hub HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n{"text":');
    expect(slow).toMatch(/^HTTP\/1\.1 408 /);
    expect(performance.now() - began).toBeLessThan(5_000);
  }));

test.each([
  ['/hooks/%68ub', [200]],
  ['/%68ooks/hub', [200]],
  ['/hooks/%2568ub', [404]],
  ['/hooks/hub/', [404]],
  ['/hooks/hub.', [404]],
  ['/hooks//hub', [404]],
  ['//hooks/hub', [404]],
  ['/hooks/HUB', [404]],
  ['/hooks/x/..;/hub', [404]],
  ['/hooks/hub%00', [404]],
  ['/hooks/__proto__', [404]],
  ['/hooks/..%2fapi%2fstatus', [404]],
  ['/hooks/..;/api/status', [404]],
  ['/hooks/../api/status', [401]],
  ['/hooks/%2e%2e/api/status', [401]],
  ['/%61pi/status', [401]],
  ['/api%2fstatus', [404]],
  ['//api/status', [404]],
])('case 32: %s is one route or none', async (path, statuses) => {
  const { headers } = signed(message(github, { body: '{"text":"paths"}' }));
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 16\r\n`;
  const answer = await raw(`${head}${lines.join('')}\r\n{"text":"paths"}`);
  expect(statuses).toContain(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]));
});

test('cases 33 and 34: neither an invented address nor any number of strangers moves the limit', async () => {
  const strangers = Array.from({ length: 600 }, (_, n) => ({
    body: `{"n":${n}}`,
    headers: { 'x-forwarded-for': `10.0.${n % 250}.${n % 7}`, 'x-hub-signature-256': `sha256=${n}` },
  }));
  for (let at = 0; at < strangers.length; at += 20) {
    const answers = await Promise.all(strangers.slice(at, at + 20).map((init) => post('/hooks/rare', init)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
  }
  const from = ['1.2.3.4', '::ffff:1.2.3.4', '5.6.7.8', '127.0.0.1'];
  const statuses = [];
  for (const address of from)
    statuses.push((await tell(message(rare), { 'x-forwarded-for': address })).status);
  expect(statuses).toEqual([200, 200, 429, 429]);
  const log = readFileSync(join(gateway.home, 'logs/gateway.log'), 'utf8');
  const told = log.split('\n').filter((line) => line.includes('webhook.unsigned') && line.includes('"rare"'));
  expect(told.length).toBeLessThanOrEqual(2);
});

test('case 35: names that lead to what objects are made of have no effect', async () => {
  const body = `{"text":"word${(lastId += 1)}","__proto__":{"polluted":"yes"},"constructor":{"name":"evil"}}`;
  expect((await tell(message(github, { body }))).status).toBe(200);
  const asked = await until('the model is asked', () =>
    model.requests.find((request) => JSON.stringify(request.body).includes(`word${lastId - 1}`)),
  );
  const text = JSON.stringify(asked.body.messages);
  expect(text).toContain('(none) (none)');
  expect(text).not.toContain('evil');
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test.each([
  ['another content type', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
  ['a name twice', { body: '{"text":1,"text":2}' }, 400],
  ['half a character', { body: '{"text":"\\ud800"}' }, 400],
  ['a byte-order mark', { body: '\u{feff}{"text":"x"}' }, 400],
  ['100,000 levels', { body: '['.repeat(100_000) }, 400],
  ['no JSON', { body: 'hello' }, 400],
])('case 36: %s is refused cheaply', async (_, change, status) => {
  await nothingIsStored(async () => {
    const told = message(github, change);
    const began = performance.now();
    expect((await tell(told)).status).toBe(status);
    expect(performance.now() - began).toBeLessThan(1_000);
    // Before its signature is checked it is not read at all.
    expect((await tell(told, { 'x-hub-signature-256': 'sha256=0' })).status).toBe(401);
  });
});
