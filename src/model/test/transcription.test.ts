import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClock } from '#lib/clock.ts';
import { type FakeModel, startFakeModel } from '#test/fakes/model/index.ts';
import { voice } from '#test/media/files.ts';
import { type ModelSettings, createTranscription } from '../index.ts';
import { providerAt, settingsFor, silentLog } from './setting.ts';

let fake: FakeModel;
beforeEach(async () => {
  fake = await startFakeModel();
});
afterEach(() => fake.close());

const limits = { callMs: 10_000, tries: 3, backoff: { firstMs: 1, maxMs: 10, jitter: 0 } };
const recording = { bytes: voice(), mime: 'audio/ogg; codecs=opus' };

function transcriber(settings: Partial<ModelSettings> = {}, more: Partial<typeof limits> = {}) {
  const all = { ...settingsFor(fake.url), transcription: 'main/whisper-1', ...settings };
  const deps = { clock: createClock(), random: { next: () => 0.5 }, log: silentLog };
  const port = createTranscription(deps, () => all, { ...limits, ...more });
  let calls = 0;
  const beforeCall = async (): Promise<void> => void (calls += 1);
  return {
    port,
    calls: () => calls,
    hear: (signal = new AbortController().signal, what = recording) =>
      port.transcribe(what, beforeCall, signal),
  };
}

test('a recording goes as a form with a name that tells its format, and its words come back', async () => {
  const { hear, calls } = transcriber();
  fake.transcriptions.answer({ status: 200, body: { text: 'Buy milk' } });
  expect(await hear()).toEqual({ ok: true, text: 'Buy milk', usage: null, costUsd: null });
  expect(fake.transcriptions.recordings).toMatchObject([{ name: 'voice.ogg', model: 'whisper-1' }]);
  expect(fake.transcriptions.recordings[0]?.bytes).toEqual(Buffer.from(recording.bytes));
  expect(calls()).toBe(1);
});

test.each([
  ['audio/mpeg', 'voice.mp3'],
  ['audio/x-m4a', 'voice.m4a'],
  ['audio/wav', 'voice.wav'],
])('%s is called %s', async (mime, name) => {
  await transcriber().hear(undefined, { ...recording, mime });
  expect(fake.transcriptions.recordings).toMatchObject([{ name }]);
});

test('what it costs is told where price and tokens are known', async () => {
  const models = { 'whisper-1': { priceIn: 2, priceOut: 4 } };
  const { port, hear } = transcriber({ providers: { main: providerAt(fake.url, { models }) } });
  const body = { text: 'hi', usage: { type: 'tokens', input_tokens: 1_000, output_tokens: 500 } };
  fake.transcriptions.answer({ status: 200, body });
  expect(await hear()).toMatchObject({
    usage: { promptTokens: 1_000, cachedTokens: 0, completionTokens: 500 },
    costUsd: 0.004,
  });
  expect(port.estimate(1_000_000)).toEqual({ model: 'main/whisper-1', upperUsd: expect.closeTo(0.04) });
  fake.transcriptions.answer({ status: 200, body: { text: 'hi', usage: { type: 'duration', seconds: 3 } } });
  expect(await hear()).toMatchObject({ usage: null, costUsd: null });
});

test('nothing is configured: there is no estimate, and nothing leaves', async () => {
  for (const settings of [{ transcription: null }, { providers: {} }]) {
    const { port, hear } = transcriber(settings);
    expect(port.estimate(10)).toBeNull();
    expect(await hear()).toMatchObject({ ok: false, mayBeBilled: false });
  }
  expect(fake.transcriptions.recordings).toEqual([]);
});

test('a limit is waited out: what was refused so cost nothing', async () => {
  const { hear, calls } = transcriber();
  fake.transcriptions.answer({ status: 429, body: { error: { message: 'slow down' } } });
  expect(await hear()).toMatchObject({ ok: true });
  expect([calls(), fake.transcriptions.recordings.length]).toEqual([2, 2]);
});

test.each([
  [500, true],
  [503, true],
  [400, false],
  [401, false],
])('status %i is not tried again', async (status, mayBeBilled) => {
  const { hear } = transcriber();
  fake.transcriptions.answer({
    status,
    body: { error: { message: `no, not with sk-test-0123456789abcdef` } },
  });
  const heard = await hear();
  expect(heard).toMatchObject({ ok: false, mayBeBilled });
  expect(JSON.stringify(heard)).not.toContain('sk-test');
  expect(fake.transcriptions.recordings).toHaveLength(1);
});

test('nobody there: tried again, and nothing was paid', async () => {
  const gone = await startFakeModel();
  await gone.close();
  const { hear, calls } = transcriber({ providers: { main: providerAt(gone.url) } });
  expect(await hear()).toMatchObject({
    ok: false,
    mayBeBilled: false,
    why: expect.stringContaining('ECONNREFUSED'),
  });
  expect(calls()).toBe(3);
});

test('an answer that is none may be billed', async () => {
  fake.transcriptions.answer({ status: 200, body: { words: 'no text' } });
  expect(await transcriber().hear()).toMatchObject({ ok: false, mayBeBilled: true });
});

test('silence ends at its limit, and an abort within a second', async () => {
  fake.transcriptions.answer('hang', 'hang');
  expect(await transcriber({}, { callMs: 50 }).hear()).toMatchObject({ ok: false, mayBeBilled: true });
  const abort = new AbortController();
  const hearing = transcriber().hear(abort.signal);
  await expect.poll(() => fake.transcriptions.recordings.length).toBe(2);
  const startedAt = performance.now();
  abort.abort();
  expect(await hearing).toMatchObject({ ok: false, why: 'it was stopped' });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test('what the provider does not take is not sent', async () => {
  const { hear } = transcriber();
  expect(await hear(undefined, { ...recording, mime: 'audio/midi' })).toMatchObject({ ok: false });
  const large = { ...recording, bytes: new Uint8Array(25_000_001) };
  expect(await hear(undefined, large)).toMatchObject({ ok: false, why: 'the recording is over 25 MB' });
  expect(fake.transcriptions.recordings).toEqual([]);
});

test('a check that fails before the call passes through', async () => {
  const { port } = transcriber();
  const fenced = (): Promise<void> => Promise.reject(new Error('fenced'));
  await expect(port.transcribe(recording, fenced, new AbortController().signal)).rejects.toThrow('fenced');
  expect(fake.transcriptions.recordings).toEqual([]);
});
