import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import { ann, startLinked } from '#test/fakes/whatsapp/running.ts';
import { until } from '#test/until.ts';

test('nobody lets it in: it says what to do, and asks WhatsApp for nothing until somebody looks', async () => {
  const { fake, adapter, told } = await startLinked({ scans: false });
  await told(/^not linked: run `tiro channels link whatsapp`/);
  expect(fake.connections()).toBe(0);
  expect(adapter.link?.offer()).toBe(null);
  const offer = await until('there is a code', () => adapter.link?.offer());
  expect(offer).toMatchObject({ kind: 'qr' });
  expect(offer.expiresAt).toBeGreaterThan(Date.now());
  expect(await adapter.check()).toMatchObject([
    { level: 'fail', fix: 'Run `tiro channels link whatsapp`.' },
    {},
  ]);
});

test('a code that cannot be had: it says why', async () => {
  const { fake, adapter, told } = await startLinked({ scans: false });
  await told(/^not linked/);
  await until('there is a code', () => adapter.link?.offer());
  await fake.close();
  await told(/^the connection to WhatsApp broke; not linked: run/);
  expect(adapter.link?.offer()).toBe(null);
});

test('scanned once it is linked for good: the next start needs no code', async () => {
  const first = await startLinked();
  await first.stop();
  const second = await first.again({ scans: false });
  await second.told(/^connected$/);
  expect(second.adapter.link?.offer()).toBe(null);
});

test('a code that is typed on the phone links it too', async () => {
  const { fake, adapter, told } = await startLinked({ scans: false });
  await told(/^not linked/);
  const offer = await adapter.link?.byCode('15550001111');
  expect(offer).toMatchObject({ kind: 'code', text: expect.stringMatching(/^[0-9A-Z]{8}$/) });
  await until('the server has it', () =>
    fake.heard.some(({ content }) => JSON.stringify(content ?? '').includes('companion_hello')),
  );
  await fake.type(offer?.text ?? '');
  await told(/^connected$/);
  await expect(adapter.link?.byCode('15550001111')).rejects.toThrow(TiroError);
});

test('no phone number, no code', async () => {
  const { adapter } = await startLinked({ scans: false });
  await expect(adapter.link?.byCode('+49 170')).rejects.toThrow('digits');
});

test('removed on the phone: it says so, keeps no key, and can be linked anew', async () => {
  const { fake, adapter, told, state } = await startLinked();
  expect(Object.keys(await state.list(''))).not.toEqual([]);
  const before = adapter.link?.offer();
  expect(before).toBe(null);
  fake.unlink();
  await told(/^the phone removed this device/);
  await until('it is linked anew by whoever scans', () => fake.device());
  await until('it is up', async () => (await adapter.check())[0]?.level === 'ok');
});

test('given up here: the phone is told, and no key stays', async () => {
  const { fake, adapter, state, told } = await startLinked();
  await adapter.link?.unlink();
  await until('the phone forgot it', () => fake.device() === null);
  await told(/^unlinked; not linked/);
  expect(Object.keys(await state.list('key session '))).toEqual([]);
});

test.each([
  ['440', /^another program uses this link/],
  ['403', /^WhatsApp has blocked this account/],
  ['405', /^WhatsApp refuses this version/],
  ['411', /^the phone does not offer linked devices/],
  ['503', /^WhatsApp is not available/],
])('an end with %s is told in words', async (code, words) => {
  const { fake, told } = await startLinked();
  fake.end(code);
  await told(words);
});

test('a broken connection is made anew, and what was said meanwhile comes in', async () => {
  const { fake, sink, told } = await startLinked();
  fake.cut();
  await told(/broke$/);
  await fake.say(fake.phone(ann), 'meanwhile');
  await until('it is there', () => sink.events.length === 1);
  await until('it says so', () => sink.states.at(-1)?.state === 'up');
});
