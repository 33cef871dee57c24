import { createHmac } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { add } from '../../testing/add.ts';
import type { Route } from '../../testing/person.ts';
import { tryLine } from './webhook.ts';

type Added = Awaited<ReturnType<typeof add>>;

/** What config.yaml is told, by key in the channel's section; undefined is taken out. */
function written({ edits }: Added, from = 2): Record<string, unknown> {
  return Object.fromEntries(edits.map(({ path, value }) => [path.slice(from).join('.'), value]));
}

const random = 'ab'.repeat(32);

test('whatsapp by a linked device: nothing is asked for, the keys of the other mode go, the next step is to link', async () => {
  const { added, edits, seen, told } = await add('whatsapp', { script: ['web'] });
  expect(told).toMatch(/terms do not allow it.*blocked/);
  expect(Object.fromEntries(edits.map(({ path, value }) => [path.join('.'), value]))).toEqual({
    'channels.whatsapp.mode': 'web',
    'channels.whatsapp.phoneNumberId': undefined,
    'channels.whatsapp.token': undefined,
    'channels.whatsapp.appSecret': undefined,
    'channels.whatsapp.verifyToken': undefined,
    'channels.whatsapp.apiRoot': undefined,
  });
  expect([seen, added?.made]).toEqual([[], {}]);
  expect(added?.next.join()).toMatch(/terms do not allow it.*blocked.*GPL.*tiro channels link whatsapp/);
  expect(written(await add('whatsapp', {}))).toMatchObject({ mode: 'web' });
});

const graph = 'https://graph.facebook.com/10987654321?fields=display_phone_number,verified_name';
const number: Route = [200, { display_phone_number: '+1 555 0100', verified_name: 'Tiro' }];

test('whatsapp cloud: asked, tried at Meta, a verify token made and shown once', async () => {
  const script = ['cloud', '10987654321', 'typed-token', 'file', 'typed-app-secret', 'file', 'make'];
  const asked = await add('whatsapp', { script }, { routes: { [graph]: number } });
  expect(asked.seen).toEqual([`${graph} Bearer typed-token`]);
  expect(written(asked)).toEqual({
    phoneNumberId: '10987654321',
    token: { file: 'secrets/whatsapp-token' },
    appSecret: { file: 'secrets/whatsapp-app-secret' },
    verifyToken: { file: 'secrets/whatsapp-verify-token' },
    mode: 'cloud',
  });
  expect(asked.secrets.get('whatsapp-verify-token')).toBe(random);
  expect(asked.added).toMatchObject({ bot: 'Tiro (+1 555 0100)', made: { verifyToken: random } });
  expect(asked.added?.next.join()).toMatch(/terms do not allow a general assistant.*\/hooks\/whatsapp/);
});

test('without a terminal and without flags it says which to give', async () => {
  await expect(add('email', {})).rejects.toThrow(/EMAIL_PASSWORD.*--set address=… \(The address\)\.$/);
  await expect(add('whatsapp', { mode: 'cloud' })).rejects.toThrow(/WHATSAPP_TOKEN.*--set phoneNumberId=…/);
});

test('whatsapp cloud by a script: what is missing is named, a verify token is kept rather than made anew', async () => {
  const cloud = { fromEnv: true, mode: 'cloud' };
  const set = ['phoneNumberId=10987654321'];
  const env = { WHATSAPP_TOKEN: 't', WHATSAPP_APP_SECRET: 's' };
  await expect(add('whatsapp', cloud, { deps: { env } })).rejects.toThrow('--set phoneNumberId=');
  await expect(add('whatsapp', { ...cloud, set })).rejects.toThrow(
    'WHATSAPP_TOKEN and WHATSAPP_APP_SECRET must be set',
  );
  await expect(add('whatsapp', { ...cloud, set: ['phoneNumberId=+49'] })).rejects.toThrow(
    '--set phoneNumberId',
  );
  await expect(add('whatsapp', { ...cloud, set: ['token=x'] })).rejects.toThrow(
    'KEY is one of phoneNumberId',
  );
  const home = { isSet: (path: readonly string[]) => Promise.resolve(path.at(-1) === 'verifyToken') };
  const routes = { [graph]: number };
  const again = await add('whatsapp', { ...cloud, set }, { deps: { env }, home, routes });
  expect(written(again)).toMatchObject({ token: '${WHATSAPP_TOKEN}', appSecret: '${WHATSAPP_APP_SECRET}' });
  expect(written(again)).not.toHaveProperty('verifyToken');
  expect([again.secrets.size, again.added?.made]).toEqual([0, {}]);
  const refused = { [graph]: [401, {}] as const };
  await expect(add('whatsapp', { ...cloud, set }, { deps: { env }, routes: refused })).rejects.toThrow(
    'does not take this token for this number',
  );
});

test('email at a well-known provider: only address and password are asked for', async () => {
  const script = ['ann@gmail.com', 'abcd efgh ijkl mnop', 'file', 'keep'];
  const asked = await add('email', { script: [...script] }, { deps: { clock: impatient() } });
  expect(asked.left).toEqual([]);
  expect(written(asked)).toEqual({
    address: 'ann@gmail.com',
    'imap.host': 'imap.gmail.com',
    'imap.port': 993,
    'imap.secure': true,
    'imap.user': 'ann@gmail.com',
    'imap.password': { file: 'secrets/email-password' },
    'smtp.host': 'smtp.gmail.com',
    'smtp.port': 465,
    'smtp.secure': true,
    'smtp.user': 'ann@gmail.com',
    'smtp.password': { file: 'secrets/email-password' },
  });
  expect(asked.secrets.get('email-password')).toBe('abcd efgh ijkl mnop');
});

/** Time is up at once: nobody on the network is asked for long. */
function impatient(): Added['deps']['clock'] {
  const never = (): number => 0;
  return {
    now: never,
    elapsed: never,
    sleep: () => Promise.resolve(),
    after: (_ms, run) => (queueMicrotask(run), () => undefined),
  };
}

test.each([
  ['outlook.com', 'outlook.office365.com', 'smtp-mail.outlook.com', 587, false],
  ['icloud.com', 'imap.mail.me.com', 'smtp.mail.me.com', 587, false],
  ['fastmail.com', 'imap.fastmail.com', 'smtp.fastmail.com', 465, true],
  ['gmx.de', 'imap.gmx.net', 'mail.gmx.net', 465, true],
  ['web.de', 'imap.web.de', 'smtp.web.de', 587, false],
  ['yahoo.com', 'imap.mail.yahoo.com', 'smtp.mail.yahoo.com', 465, true],
  ['posteo.de', 'posteo.de', 'posteo.de', 465, true],
  ['mailbox.org', 'imap.mailbox.org', 'smtp.mailbox.org', 465, true],
  ['example.org', 'imap.example.org', 'smtp.example.org', 465, true],
] as const)('email at %s: the servers are guessed', async (...[domain, imap, smtp, port, secure]) => {
  const options = { fromEnv: true, check: false, set: [`address=tiro@${domain}`] };
  const asked = await add('email', options, { deps: { env: { EMAIL_PASSWORD: 'x' } } });
  expect(written(asked)).toMatchObject({
    'imap.host': imap,
    'imap.port': 993,
    'imap.secure': true,
    'smtp.host': smtp,
    'smtp.port': port,
    'smtp.secure': secure,
    'imap.password': '${EMAIL_PASSWORD}',
    'smtp.password': '${EMAIL_PASSWORD}',
  });
});

test('email elsewhere: servers and name are asked for; 587 means STARTTLS', async () => {
  const script = ['tiro@example.org', '', '', 'tiro', 'mail.example.org', '587', 'pass', 'file', 'keep'];
  const asked = await add('email', { script }, { deps: { clock: impatient() } });
  expect(asked.left).toEqual([]);
  expect(written(asked)).toMatchObject({
    'imap.host': 'imap.example.org',
    'imap.port': 993,
    'imap.user': 'tiro',
    'smtp.host': 'mail.example.org',
    'smtp.port': 587,
    'smtp.secure': false,
    'smtp.user': 'tiro',
  });
});

test('webhook: a secret is made and shown once, a second time it is kept; each endpoint has its own', async () => {
  const set = ['name=ci', 'scheme=github', 'replyTo=telegram:7'];
  const home = {
    isSet: (path: readonly string[]) => Promise.resolve(path.join('.') === 'channels.telegram'),
  };
  const first = await add('webhook', { set }, { home });
  expect(written(first, 4)).toMatchObject({
    scheme: 'github',
    replyTo: 'telegram:7',
    secret: { file: 'secrets/webhook-ci-secret' },
  });
  expect(
    first.edits.every(({ path }) => path.slice(0, 4).join('.') === 'channels.webhook.endpoints.ci'),
  ).toBe(true);
  expect(first.added).toMatchObject({ bot: '/hooks/ci', made: { secret: random } });
  expect(first.added?.next.join('\n')).not.toContain(random);
  expect(first.added?.next.join('\n')).not.toContain('tiro people pair');
  const again = await add('webhook', { set }, { home: { isSet: () => Promise.resolve(true) } });
  expect([again.secrets.size, again.added?.made]).toEqual([0, {}]);
  const env = { WEBHOOK_BUILD_2_SECRET: 'from-env' };
  const other = await add(
    'webhook',
    { fromEnv: true, set: ['name=build-2', 'replyTo=telegram:7'] },
    { deps: { env }, home },
  );
  expect(written(other, 4)).toMatchObject({ secret: '${WEBHOOK_BUILD_2_SECRET}', scheme: 'standard' });
});

test('webhook: an answer that goes to a URL is signed with a secret of its own', async () => {
  const script = ['ci', '', 'Tell me: {{body}}', 'https://x.example/back', 'make', 'make'];
  const asked = await add('webhook', { script });
  const standard = `whsec_${Buffer.from(random, 'hex').toString('base64')}`;
  expect(written(asked, 4)).toEqual({
    scheme: 'standard',
    prompt: 'Tell me: {{body}}',
    'replyTo.url': 'https://x.example/back',
    secret: { file: 'secrets/webhook-ci-secret' },
    'replyTo.secret': { file: 'secrets/webhook-reply-ci-secret' },
  });
  expect(asked.added?.made).toEqual({ secret: standard, 'replyTo.secret': standard });
  const wrong = add('webhook', { set: ['name=ci', 'replyTo=nowhere'] });
  await expect(wrong).rejects.toThrow('--set replyTo: It must be a chat');
  await expect(add('webhook', { apiRoot: 'https://x' })).rejects.toThrow('no such address');
});

test('webhook, asked: a name of a channel and a chat that nobody would hear are refused at once', async () => {
  const home = {
    isSet: (path: readonly string[]) => Promise.resolve(path.join('.') === 'channels.telegram'),
  };
  const start = ['ci', 'github', ''];
  await expect(add('webhook', { script: ['slack'] })).rejects.toThrow('take another name, such as slack-1');
  await expect(add('webhook', { script: [...start, 'telegram:7'] })).rejects.toThrow('No channel is set up');
  await expect(add('webhook', { script: [...start, 'slack:T/C'] }, { home })).rejects.toThrow('(telegram)');
  const heard = await add('webhook', { script: [...start, 'telegram:7', 'make'] }, { home });
  expect(written(heard, 4)).toMatchObject({ replyTo: 'telegram:7' });
});

/** The line with `curl` in the place of a command that prints what it was given. */
function called(
  scheme: string,
  secret: string,
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const line = tryLine({ name: 'ci', scheme }).replace('THE SECRET', secret);
  const script = `curl() { printf '%s\\n' "$@"; }; ${line}`;
  const out = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
  const headers = [...out.matchAll(/^([\w-]+): (.*)$/gm)];
  return {
    headers: Object.fromEntries(headers.map(([, name = '', value = '']) => [name, value])),
    body: /^\{.*\}$/m.exec(out)?.[0] ?? '',
  };
}

test('the line to try a webhook with signs as each scheme wants it, and says something new each time', () => {
  for (const [scheme, name] of [
    ['github', 'x-hub-signature-256'],
    ['hmac-sha256', 'x-signature-256'],
  ] as const) {
    const sent = called(scheme, 'abc');
    // The same body is the same event: a second try would start nothing.
    expect(JSON.parse(sent.body)).toEqual({ try: expect.closeTo(Date.now() / 1_000, -2) });
    expect(sent.headers[name]).toBe(`sha256=${createHmac('sha256', 'abc').update(sent.body).digest('hex')}`);
    expect(sent.headers['x-github-event']).toBe(undefined);
  }
  const key = Buffer.from(random, 'hex');
  const { headers, body } = called('standard', `whsec_${key.toString('base64')}`);
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  expect(headers['webhook-signature']).toBe(
    `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
  );
});
