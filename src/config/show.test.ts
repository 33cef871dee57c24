import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createClock } from '#lib/clock.ts';
import { presets } from '#model/index.ts';
import { until } from '#test/until.ts';
import { openGatewayHome } from './gateway-home.ts';
import { loadConfig } from './load.ts';
import { describeProblem } from './problem.ts';
import { configSchema } from './schema.ts';
import { isSecretKey, secretsOf, showConfig } from './show.ts';

const secretsByKey: Readonly<Record<string, string>> = {
  'model.providers.main.apiKey': 'planted-of-main',
  'model.providers.other.apiKey': 'planted-of-other',
  'channels.telegram.token': '7:planted-of-telegram',
  'channels.telegram.webhook.secret': 'planted-of-telegrams-webhook',
  'channels.discord.token': 'planted-of-discord',
  'channels.slack.botToken': 'xoxb-planted-of-slack',
  'channels.slack.appToken': 'xapp-planted-of-slack',
  'channels.slack.signingSecret': 'planted-of-slacks-requests',
  'channels.whatsapp.token': 'planted-of-whatsapp',
  'channels.whatsapp.appSecret': 'planted-of-whatsapps-app',
  'channels.whatsapp.verifyToken': 'planted-of-whatsapps-address',
  'channels.email.imap.password': 'planted-of-imap',
  'channels.email.smtp.password': 'planted-of-smtp',
  'channels.webhook.endpoints.ci.secret': 'planted-of-the-endpoint',
  'channels.webhook.endpoints.ci.previousSecret': 'planted-of-the-endpoint-before',
  'channels.webhook.endpoints.ci.replyTo.secret': 'whsec_plantedOfTheAnswer/planted==',
};
const planted = [
  ...Object.values(secretsByKey),
  'planted@in',
  'planted-in-root',
  'planted-in-reply',
  'planted-owner-token',
];

const yaml = `
model:
  providers:
    main: { baseUrl: "http://u:planted@in@x/v1", apiKey: planted-of-main }
    other: { baseUrl: "http://x/v1", apiKey: planted-of-other }
channels:
  telegram: { token: "7:planted-of-telegram", webhook: { url: "https://x", secret: planted-of-telegrams-webhook } }
  discord: { token: planted-of-discord, apiRoot: "https://u:planted-in-root@x/api" }
  slack: { botToken: xoxb-planted-of-slack, appToken: xapp-planted-of-slack, signingSecret: planted-of-slacks-requests }
  whatsapp: { mode: cloud, phoneNumberId: "12345", token: planted-of-whatsapp, appSecret: planted-of-whatsapps-app, verifyToken: planted-of-whatsapps-address }
  email:
    address: tiro@example.org
    imap: { host: imap.example.org, user: tiro, password: planted-of-imap }
    smtp: { host: smtp.example.org, user: tiro, password: planted-of-smtp }
  webhook:
    endpoints:
      ci:
        secret: planted-of-the-endpoint
        previousSecret: planted-of-the-endpoint-before
        scheme: github
        prompt: "{{body}}"
        replyTo: { url: "https://u:planted-in-reply@x/", secret: whsec_plantedOfTheAnswer/planted== }
`;

/** Every key of the schema, with whether its value is marked as a secret. */
function keysOf(schema: unknown, path: readonly string[] = []): { path: string; secret: boolean }[] {
  if (schema === null || typeof schema !== 'object') return [];
  const properties = 'properties' in schema ? Object.entries(schema.properties ?? {}) : [];
  const own = properties.map(([key, inner]) => ({
    path: [...path, key].join('.'),
    secret: isMarked(inner),
  }));
  const deeper = Object.entries(schema).flatMap(([word, inner]) => {
    if (word === 'properties') return properties.flatMap(([key, one]) => keysOf(one, [...path, key]));
    return keysOf(inner, word === 'additionalProperties' ? [...path, '*'] : path);
  });
  return [...own, ...deeper];
}

function isMarked(schema: unknown): boolean {
  if (schema === null || typeof schema !== 'object') return false;
  if ('secret' in schema && schema.secret === true) return true;
  return 'anyOf' in schema && Array.isArray(schema.anyOf) && schema.anyOf.some(isMarked);
}

function schemaKeys(): ReturnType<typeof keysOf> {
  return keysOf(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }));
}

test('a key is called like a secret if and only if the schema says that it is one', () => {
  const keys = schemaKeys();
  expect(keys.length).toBeGreaterThan(30);
  const wrong = keys.filter(({ path, secret }) => isSecretKey(path.split('.').at(-1) ?? '') !== secret);
  expect(wrong).toEqual([]);
});

test('every secret key of the schema is planted here', () => {
  const expected = schemaKeys().flatMap(({ path, secret }) => (secret ? [path] : []));
  const known = new Set(
    Object.keys(secretsByKey).map((key) => key.replace(/(providers|endpoints)\.\w+/, '$1.*')),
  );
  expect([...new Set(expected)].filter((key) => !known.has(key))).toEqual([]);
});

async function openPlanted(text: string) {
  const home = mkdtempSync(join(tmpdir(), 'tiro-show-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'config.yaml'), text);
  return { env: { TIRO_TOKEN: 'planted-owner-token' }, presets, home };
}

test('no planted secret stands in what is shown, and the redactor knows each', async () => {
  const loaded = await loadConfig(await openPlanted(yaml));
  if (!loaded.ok) throw new Error(loaded.problems.map(describeProblem).join('\n'));
  const shown = await showConfig(loaded.config);
  expect(shown).not.toMatch(/planted/);
  expect(shown).toContain('botToken: "[secret]"');
  expect(shown).toContain('baseUrl: http://[secret]@x/v1');
  expect(secretsOf(loaded.config)).toEqual(
    expect.arrayContaining([
      ...Object.values(secretsByKey),
      'planted@in',
      'planted-in-root',
      'planted-in-reply',
    ]),
  );
});

test('no planted secret gets into the log, whatever is logged', async () => {
  const input = await openPlanted(yaml);
  const shown: string[] = [];
  const home = await openGatewayHome(input, { clock: createClock(), show: (line) => void shown.push(line) });
  for (const secret of planted) {
    home.log.error('test.secret', {
      channel: `token ${secret}`,
      error: new Error(`GET /bot${secret}/getMe`, { cause: new Error(secret) }),
    });
  }
  await home.close();
  const log = readFileSync(join(home.paths.logs, 'gateway.log'), 'utf8');
  expect(log).toContain('test.secret');
  for (const secret of planted) {
    expect(`${log}${shown.join('\n')}`).not.toContain(secret);
  }
});

test('no problem quotes a value', async () => {
  for (const [key, secret] of Object.entries(secretsByKey)) {
    // In a password spaces may stand.
    const wrong = key.endsWith('password') ? `[${secret}]` : `${secret} with spaces`;
    const broken = yaml.replace(secret, wrong);
    const loaded = await loadConfig(await openPlanted(broken));
    expect(loaded.ok, key).toBe(false);
    const said = loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n');
    expect(said).toContain(key.split('.').at(-1));
    expect(said).not.toContain('planted');
  }
});

test('a changed channel is named as one that needs a new start, without its secret', async () => {
  const input = await openPlanted(yaml);
  const shown: string[] = [];
  const opened = await openGatewayHome(input, {
    clock: createClock(),
    show: (line) => void shown.push(line),
  });
  const stop = new AbortController();
  const watching = opened.settings.watch(stop.signal);
  writeFileSync(join(input.home, 'config.yaml'), yaml.replace('planted-of-discord', 'another-of-discord'));
  const line = await until('it is said', () => shown.find((text) => text.includes('discord changed')));
  expect(line).not.toMatch(/telegram|slack|another-of-discord/);
  stop.abort();
  await watching;
  await opened.close();
});
