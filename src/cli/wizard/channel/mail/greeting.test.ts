import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, createSecureContext, TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { createClock } from '#lib/clock.ts';
import { greet } from './greeting.ts';

// Of nobody: made for this test, signed by itself.
const label = 'PRIVATE KEY'; // in two pieces, so that scanners do not take it for a real one
const key = `-----BEGIN ${label}-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgcwQpnYN33vL/U9WQ
4m33fR33e+bdSsl52CUMbnDQIDqhRANCAAQW3yzLOlNs20B/G7OELzV5fF8Z58PM
D4ot6A7a2vbLF0EGTsRyD3gT3ccGj1tdqnNBL5GiKyLkygowt9R6SkuL
-----END ${label}-----`;
const cert = `-----BEGIN CERTIFICATE-----
MIIBjzCCATWgAwIBAgIUCnTih/k3QWZ5vmbRA4NnVwHBLYMwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRbWFpbC5leGFtcGxlLnRlc3QwIBcNMjYxMTIwMTgyOTA0WhgP
MjEyNjEwMjcxODI5MDRaMBwxGjAYBgNVBAMMEW1haWwuZXhhbXBsZS50ZXN0MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFt8syzpTbNtAfxuzhC81eXxfGefDzA+K
LegO2tr2yxdBBk7Ecg94E93HBo9bXapzQS+Roisi5MoKMLfUekpLi6NTMFEwHQYD
VR0OBBYEFJWALKdBGGsUXcMUjXcmDYYPd4V+MB8GA1UdIwQYMBaAFJWALKdBGGsU
XcMUjXcmDYYPd4V+MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIh
APHbbADkfSuGgK091mOGz/vWc7wLsSEBitI6Gl8AdPCsAiA01dTssXFSaAkDKJTX
zxS5u/cGTXIpIgs85sa+Y9kVyQ==
-----END CERTIFICATE-----`;

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Says the greeting, then answers each line that it is told. */
function says(greeting: string, answer: (line: string, socket: Socket) => string = () => ''): Server {
  return createServer((socket) => {
    socket.write(greeting);
    socket.on('data', (piece: Buffer) => socket.write(answer(piece.toString().trim(), socket)));
  });
}

const deps = { clock: createClock() };
const at = (port: number, secure = false, host = '127.0.0.1') => ({ host, port, secure });
const fine = { ok: true, value: null };

test('a server of this machine need only greet', async () => {
  expect(await greet(deps, 'imap', at(await listen(says('* OK ready\r\n'))))).toEqual(fine);
  expect(await greet(deps, 'smtp', at(await listen(says('220-hello\r\n220 ready\r\n'))))).toEqual(fine);
});

test.each([
  ['another program', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'imap', false],
  ['a server that is busy', '421 later\r\n', 'smtp', false],
  ['a farewell', '* BYE full\r\n', 'imap', false],
] as const)('%s is no mail server', async (...[, greeting, kind, secure]) => {
  const server = createServer((socket) => void socket.end(greeting));
  expect(await greet(deps, kind, at(await listen(server), secure))).toMatchObject({
    ok: false,
    why: expect.stringContaining('does not greet as a mail server'),
  });
});

test('TLS where there is none, and none where nobody listens, is said in words', async () => {
  const port = await listen(says('* OK ready\r\n'));
  expect(await greet(deps, 'imap', at(port, true))).toMatchObject({
    ok: false,
    why: expect.stringContaining('speaks no TLS from the first byte'),
  });
  const gone = createServer();
  const free = await listen(gone);
  await new Promise((resolve) => gone.close(resolve));
  expect(await greet(deps, 'imap', at(free))).toEqual({
    ok: false,
    why: `Nothing listens at 127.0.0.1:${free}.`,
  });
});

test('a certificate that nobody vouches for is refused', async () => {
  const server = createTlsServer({ key, cert }, (socket) => socket.write('* OK ready\r\n'));
  expect(await greet(deps, 'imap', at(await listen(server), true))).toMatchObject({
    ok: false,
    why: expect.stringContaining('certificate that is not trusted'),
  });
});

test('elsewhere STARTTLS is asked for, and what follows is held to the certificate', async () => {
  const heard: string[] = [];
  const upgrade = (socket: Socket): string => {
    setImmediate(() =>
      new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ key, cert }) }).on(
        'error',
        () => undefined,
      ),
    );
    return '';
  };
  const server = says('220 ready\r\n', (line, socket) => {
    if (/[^\x20-\x7e]/.test(line)) return '';
    heard.push(line);
    if (line !== 'STARTTLS') return '250-me\r\n250 STARTTLS\r\n';
    socket.removeAllListeners('data');
    return `220 go ahead\r\n${upgrade(socket)}`;
  });
  // An address of this machine that is not a loopback one by its name.
  const answer = await greet(deps, 'smtp', at(await listen(server), false, '0.0.0.0'));
  expect(heard).toEqual(['EHLO localhost', 'STARTTLS']);
  expect(answer).toMatchObject({
    ok: false,
    why: expect.stringContaining('certificate that is not trusted'),
  });
  const without = says('* OK ready\r\n', () => 't1 NO not here\r\n');
  expect(await greet(deps, 'imap', at(await listen(without), false, '0.0.0.0'))).toMatchObject({
    ok: false,
    why: expect.stringContaining('does not greet as a mail server with TLS'),
  });
});

test('one that says nothing is given up', async () => {
  const late = {
    clock: { ...deps.clock, after: (_ms: number, run: () => void) => deps.clock.after(50, run) },
  };
  const port = await listen(says(''));
  expect(await greet(late, 'imap', at(port))).toEqual({
    ok: false,
    why: `127.0.0.1:${port} did not answer in time.`,
  });
});
