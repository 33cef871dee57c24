import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import type { Seams } from '#core/ports/seams.ts';
import * as make from '#test/media/files.ts';
import { until } from '#test/until.ts';
import { type World, startWorld } from './world.ts';

function shown(world: World, what: RegExp): Promise<string> {
  return until(
    `${what.source} is shown`,
    () => world.telegram.messages(7).find(({ text }) => what.test(text))?.text,
  );
}

const fetches = (world: World): number =>
  world.telegram.calls.filter(({ method }) => method === 'getFile').length;
const lastContent = (world: World): unknown => world.model.requests.at(-1)?.body.messages.at(-1)?.content;
const eyes =
  'model: { default: fake/m, providers: { fake: { baseUrl: URL, apiKey: test-key-0123456789, models: { m: { vision: true } } } } }';

/** The world of `startWorld` with a model section of its own. */
function worldWith(model: string, seams: Partial<Seams> = {}): Promise<World> {
  const rewrite = (config: string, url: string): string =>
    config.replace(/^model:[^]*?(?=^channels:)/m, `${model.replace('URL', `"${url}"`)}\n`);
  return startWorld({ gateway: { seams }, rewrite });
}

test('a photo reaches a model that sees as pixels, again after a restart, and the file of it is kept', async () => {
  await using world = await worldWith(eyes);
  world.telegram.userPhoto({ bytes: make.png(), caption: 'What is this?' });
  await until('the model is asked', () => world.model.requests.length === 1);
  const url = `data:image/png;base64,${Buffer.from(make.png()).toString('base64')}`;
  const picture = { type: 'image_url', image_url: { url } };
  const words = { type: 'text', text: expect.stringContaining('What is this?') };
  expect(lastContent(world)).toEqual([words, picture]);
  await until('it is answered', () => world.telegram.messages(7).length === 1);
  expect(readdirSync(join(world.gateway.home, 'files', 'in'))).toHaveLength(1);
  await world.restart();
  world.telegram.userText('And now?');
  await until('it is asked again', () => world.model.requests.length === 2);
  const [, first] = world.model.requests[1]?.body.messages ?? [];
  expect(first?.content).toEqual([words, picture]);
  expect(fetches(world)).toBe(1);
});

test('a document’s words are in the prompt; a model that does not see is told of pictures in words', async () => {
  await using world = await startWorld();
  world.telegram.userDocument({
    bytes: make.pdf('The answer is 42'),
    name: 'answer.pdf',
    caption: 'Read it',
  });
  await shown(world, /You said: Read it/);
  expect(lastContent(world)).toMatch(/begins: the contents of the file answer\.pdf[^]*The answer is 42/);
  world.telegram.userPhoto({ bytes: make.png(), caption: 'and this' });
  await shown(world, /You said: and this/);
  expect(lastContent(world)).toContain('[a picture that this model cannot see]');
});

test('a stranger’s file is never fetched, nor one in a group that is not meant for the bot', async () => {
  await using world = await startWorld();
  const eve = { id: 99, first_name: 'Eve' };
  world.telegram.userDocument({ bytes: make.text('secret'), name: 'a.txt', caption: 'read' }, { from: eve });
  world.telegram.userPhoto({ bytes: make.png() }, { from: eve, chat: { id: -5, type: 'group' } });
  world.telegram.userText('hello');
  await shown(world, /You said: hello/);
  await until('all of it is taken in', () => world.telegram.pending.length === 0);
  expect(fetches(world)).toBe(0);
  expect(world.model.requests).toHaveLength(1);
});

test('a voice note is transcribed and answered', async () => {
  await using world = await worldWith(eyes.replace('model: {', 'model: { transcription: fake/whisper-1,'));
  world.model.transcriptions.answer({ status: 200, body: { text: 'remind me of the milk' } });
  world.telegram.userVoice({ bytes: make.voice() });
  await shown(world, /remind me of the milk/);
  expect(world.model.transcriptions.recordings).toMatchObject([{ name: 'voice.ogg', model: 'whisper-1' }]);
  const spend = await world.run('spend', { days: 1 });
  expect(JSON.stringify(spend)).toContain('fake/whisper-1');
});

test('without a model for it, model and person are told that a voice note cannot be heard, once a day', async () => {
  await using world = await startWorld();
  for (const count of [1, 2]) {
    world.telegram.userVoice({ bytes: make.voice() });
    await until('it is answered', () => world.model.requests.length === count);
    await until('the answer is shown', () =>
      world.telegram.messages(7).some(({ text }) => /You said/.test(text)),
    );
  }
  await shown(world, /I cannot hear voice notes until model\.transcription is set/);
  expect(lastContent(world)).toContain('I cannot hear voice notes until model.transcription is set');
  // In a chat's order a second notice would stand before this answer.
  world.telegram.userText('and now?');
  await shown(world, /You said: and now/);
  const notices = world.telegram.messages(7).filter(({ text }) => text.startsWith('I cannot hear'));
  expect(notices).toHaveLength(1);
  expect(fetches(world)).toBe(0);
});

test('a file of the model’s arrives whole and once, though the gateway dies between the two', async () => {
  const content = `a,b\n${'1,2\n'.repeat(5_000)}`;
  let alive = true;
  const gone = new TiroError('fenced', 'This gateway is gone.');
  const dying = (store: Parameters<Seams['store']>[0]): ReturnType<Seams['store']> => ({
    ...store,
    turns: {
      ...store.turns,
      append: (input) => {
        // The file's row is committed; the result of the call never is.
        if (input.steps.some((step) => step.kind === 'result')) alive = false;
        return alive ? store.turns.append(input) : Promise.reject(gone);
      },
    },
  });
  await using world = await worldWith(eyes, { store: dying });
  const args = JSON.stringify({ name: 'table.csv', content, caption: 'Your table' });
  world.model.setScript(({ body }) =>
    body.messages.at(-1)?.role === 'tool'
      ? 'It is sent.'
      : { toolCalls: [{ id: 'call_1', name: 'send_file', arguments: args }] },
  );
  world.telegram.userText('make me a table');
  await until('the gateway is dead', () => !alive);
  alive = true;
  await world.restart({});
  await shown(world, /It is sent/);
  const files = world.telegram.messages(7).filter(({ kind }) => kind === 'document');
  expect(files).toHaveLength(1);
  expect(files[0]).toMatchObject({ text: 'Your table', file: { name: 'table.csv' } });
  expect(files[0]?.file?.bytes.toString()).toBe(content);
});
