import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ModelHooks, ModelImage, ModelMessage, ModelRequest } from '#core/ports/model.ts';
import { createClock } from '#lib/clock.ts';
import { type FakeModel, startFakeModel } from '#test/fakes/model/index.ts';
import { png } from '#test/media/files.ts';
import { chainOf } from '../catalogue/names.ts';
import { type ModelSettings, createModel } from '../index.ts';
import { providerAt, shortLimits, silentLog } from './setting.ts';

let fake: FakeModel;
let backup: FakeModel;
beforeEach(async () => {
  [fake, backup] = await Promise.all([startFakeModel(), startFakeModel()]);
});
afterEach(async () => {
  await Promise.all([fake.close(), backup.close()]);
});

const hooks: ModelHooks = {
  beforeCall: () => Promise.resolve(),
  onDelta: () => undefined,
  onRestart: () => undefined,
  onWaiting: () => undefined,
};
const url = `data:image/png;base64,${Buffer.from(png()).toString('base64')}`;

/** `main/eyes` sees, `backup/blind` does not. */
function settings(): ModelSettings {
  return {
    default: 'main/eyes',
    fallback: ['backup/blind'],
    background: null,
    providers: {
      main: providerAt(fake.url, { models: { eyes: { vision: true, context: 100_000 } } }),
      backup: providerAt(backup.url, { models: { blind: { context: 100_000 } } }),
    },
  };
}

function modelOf(pictures: Readonly<Record<string, Uint8Array>>) {
  const picture = async (path: string): Promise<Uint8Array | null> => pictures[path] ?? null;
  const deps = { clock: createClock(), random: { next: () => 0.5 }, log: silentLog, picture };
  const all = settings();
  return createModel(deps, () => all, shortLimits);
}

function request(...paths: readonly string[]): ModelRequest {
  const images = paths.map((path): ModelImage => ({ path, mime: 'image/png' }));
  const message: ModelMessage = { role: 'user', content: 'Look.', images };
  return {
    model: null,
    messages: [message],
    tools: [],
    maxOutputTokens: 100,
    person: 'ann',
    lane: 'interactive',
    deadlineAt: Date.now() + 10_000,
  };
}

const contents = (model: FakeModel): readonly unknown[] =>
  model.requests.map(({ body }) => body.messages[0]?.content);
const call = (model: ReturnType<typeof modelOf>, asked: ModelRequest) =>
  model.call(asked, hooks, new AbortController().signal);

test('a model that sees gets the pixels behind the words, in order', async () => {
  await call(
    modelOf({ 'files/in/a.png': png(), 'files/in/b.png': png() }),
    request('files/in/a.png', 'files/in/b.png'),
  );
  const picture = { type: 'image_url', image_url: { url } };
  expect(contents(fake)).toEqual([[{ type: 'text', text: 'Look.' }, picture, picture]]);
});

test('a fallback that does not see gets words', async () => {
  fake.failNext(401);
  await call(modelOf({ a: png() }), request('a'));
  expect(contents(backup)).toEqual(['Look.\n[a picture that this model cannot see]']);
});

test('a picture that is gone, or one too many, is words', async () => {
  const large = new Uint8Array(7_000_000);
  await call(modelOf({ old: large, new: large }), request('old', 'new', 'gone'));
  const [content] = contents(fake);
  expect(JSON.stringify(content)).toContain(
    'Look.\\n[a picture, left out because there are too many large ones]\\n[a picture that is not kept any more]',
  );
  expect(content).toHaveLength(2);
});

test.each([
  [400, 'image_url is only supported by certain models.'],
  [400, 'Could not process image'],
  [404, 'No endpoints found that support image input'],
  [422, 'messages[0].content: Input should be a valid string'],
  [413, 'Request Entity Too Large'],
])(
  'pictures that are refused (%i %s) are words from then on, so that the conversation goes on',
  async (status, message) => {
    const model = modelOf({ a: png(), b: png() });
    fake.failNext(status, { body: { error: { message } } });
    expect(await call(model, request('a'))).toMatchObject({ ok: true });
    expect(contents(fake)).toHaveLength(2);
    expect(contents(fake)[1]).toBe('Look.\n[a picture that this model does not take]');
    await call(model, request('a', 'b'));
    expect(contents(fake)[2]).toEqual([
      { type: 'text', text: 'Look.\n[a picture that this model does not take]' },
      { type: 'image_url', image_url: { url } },
    ]);
  },
);

test('a refusal that is not about pictures is one all the same', async () => {
  fake.failNext(400, { body: { error: { message: 'temperature is out of range' } } });
  backup.failNext(400, { body: { error: { message: 'the same' } } });
  expect(await call(modelOf({ a: png() }), request('a'))).toMatchObject({
    ok: false,
    error: { type: 'bad-request' },
  });
  expect(contents(fake)).toHaveLength(1);
});

test('each picture counts in the estimate, where it is seen', async () => {
  const model = modelOf({});
  const tokens = (asked: ModelRequest): number => model.estimate(asked).promptTokens;
  expect(tokens(request('a', 'b')) - tokens(request('a'))).toBeGreaterThan(2_900);
  const blind = { ...request('a', 'b'), model: 'backup/blind' };
  expect(tokens(blind)).toBeLessThan(200);
});

test('known providers see unless config says otherwise; own servers only where it says so', () => {
  const sees = (baseUrl: string, vision?: boolean): boolean | undefined => {
    const models = vision === undefined ? {} : { m: { vision } };
    const providers = { p: providerAt(baseUrl, { models }) };
    const all = { default: 'p/m', fallback: [], background: null, providers };
    return chainOf(all, { model: null, lane: 'interactive' }, new Map())[0]?.vision;
  };
  expect(sees('https://api.openai.com/v1')).toBe(true);
  expect(sees('https://api.openai.com/v1', false)).toBe(false);
  expect(sees('http://127.0.0.1:11434/v1')).toBe(false);
  expect(sees('http://127.0.0.1:11434/v1', true)).toBe(true);
  expect(sees('https://example.org/v1')).toBe(false);
});
