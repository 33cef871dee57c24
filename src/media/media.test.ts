import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import type { FileRef } from '#core/event.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { MediaReading } from '#core/ports/media.ts';
import { createClock } from '#lib/clock.ts';
import { createTestLog } from '#test/fakes/sink.ts';
import * as make from '#test/media/files.ts';
import { keptMs } from './home-files.ts';
import { type Media, type MediaLimits, createMedia, defaultMediaLimits } from './index.ts';

type Fetch = NonNullable<AdapterPort['fetch']>;

interface World {
  readonly media: Media;
  readonly home: string;
  readonly fetched: readonly FileRef[];
  read(file?: Partial<FileRef>, signal?: AbortSignal): Promise<MediaReading>;
}

function createWorld(fetch: Fetch | null, limits: Partial<MediaLimits> = {}): World {
  const home = mkdtempSync(join(tmpdir(), 'tiro-media-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const fetched: FileRef[] = [];
  const adapter = {
    ...nobody,
    ...(fetch === null
      ? {}
      : {
          fetch: (file: FileRef, signal: AbortSignal) => {
            fetched.push(file);
            return fetch(file, signal);
          },
        }),
  };
  const deps = {
    clock: createClock(),
    log: createTestLog(),
    adapter: (channel: string) => (channel === 'telegram' ? adapter : null),
  };
  const media = createMedia(deps, home, { ...defaultMediaLimits, retryMs: [1, 1], ...limits });
  const read: World['read'] = (file = {}, signal = new AbortController().signal) =>
    media.read({ chat: 'telegram:7', event: 'evt_1', index: 0, file: { ...document, ...file } }, signal);
  return { media, home, fetched, read };
}

const document: FileRef = { id: 'f', kind: 'document', name: 'a.txt', mime: 'text/plain', bytes: null };

const nobody: AdapterPort = {
  name: 'telegram',
  abilities: {
    dialects: ['plain'],
    maxText: 4_096,
    countedAs: 'utf16',
    delivery: 'push',
    edits: true,
    drafts: false,
    typing: false,
    buttons: false,
    threads: false,
    reactions: false,
    files: null,
    sendSemantics: 'blind',
    editEveryMs: 0,
    sendEveryMs: 0,
    coalesce: true,
  },
  start: () => Promise.resolve(),
  send: () => Promise.resolve({ ok: true, platformId: '1' }),
  check: () => Promise.resolve([]),
  close: () => Promise.resolve(),
};

const gives =
  (bytes: Uint8Array): Fetch =>
  () =>
    Promise.resolve(new Blob([new Uint8Array(bytes)]).stream());

/** Pieces without end, and how many were taken. */
function endless(pieceBytes: number): { readonly fetch: Fetch; taken(): number; cancelled(): boolean } {
  let taken = 0;
  let cancelled = false;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    taken += 1;
    controller.enqueue(new Uint8Array(pieceBytes));
  };
  const cancel = (): void => void (cancelled = true);
  return {
    fetch: () => Promise.resolve(new ReadableStream({ pull, cancel })),
    taken: () => taken,
    cancelled: () => cancelled,
  };
}

/** It neither gives anything nor heeds its signal. */
const deaf: Fetch = () =>
  Promise.resolve(new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) }));

test('a picture is kept in the home under its message, and read again it is the same file', async () => {
  const world = createWorld(gives(make.png()));
  const first = await world.read();
  expect(first).toEqual({
    outcome: 'image',
    mime: 'image/png',
    path: 'files/in/evt_1-0.png',
    note: expect.any(String),
  });
  expect(await world.read()).toEqual(first);
  expect(Buffer.from((await world.media.files.read('files/in/evt_1-0.png')) ?? [])).toEqual(
    Buffer.from(make.png()),
  );
  expect(readdirSync(join(world.home, 'files', 'in'))).toEqual(['evt_1-0.png']);
  expect(statSync(join(world.home, 'files')).mode & 0o777).toBe(0o700);
});

test('bytes are counted as they come, whatever was claimed, and no more are taken', async () => {
  const stream = endless(100_000);
  const world = createWorld(stream.fetch, { fileBytes: 1_000_000 });
  const reading = await world.read({ bytes: 10 });
  expect(reading).toMatchObject({ outcome: 'unreadable', why: 'it is over the 1 MB that I read' });
  expect(stream.taken()).toBeLessThan(15);
  expect(stream.cancelled()).toBe(true);
});

test('what claims to be too large, or a video, is not fetched at all', async () => {
  const world = createWorld(gives(make.text('x')));
  expect(await world.read({ bytes: 20_000_001 })).toMatchObject({ why: expect.stringContaining('20 MB') });
  expect(await world.read({ kind: 'video' })).toMatchObject({ why: expect.stringContaining('a video') });
  expect(world.fetched).toEqual([]);
});

test('an abort ends it within a second, though the platform heeds nothing', async () => {
  const world = createWorld(deaf);
  const abort = new AbortController();
  const reading = world.read({}, abort.signal);
  const startedAt = performance.now();
  abort.abort();
  expect(await reading).toMatchObject({ outcome: 'unreadable' });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test('a download that never ends is given up', async () => {
  const world = createWorld(deaf, { downloadMs: 20 });
  expect(await world.read()).toMatchObject({
    outcome: 'unreadable',
    why: 'the platform did not hand it over',
  });
  expect(world.fetched).toHaveLength(3);
});

test('a platform that fails once is asked again; only its words for people are passed on', async () => {
  let calls = 0;
  const world = createWorld(async () => {
    calls += 1;
    if (calls === 1) throw new Error('https://host/bot123:token/file');
    return new Blob([new Uint8Array(make.text('here'))]).stream();
  });
  expect(await world.read()).toMatchObject({ outcome: 'text', text: 'here' });
  const secret = createWorld(() => Promise.reject(new Error('https://host/bot123:token/file')));
  expect(await secret.read()).toMatchObject({ why: 'the platform did not hand it over' });
  const plain = createWorld(() => Promise.reject(new TiroError('unavailable', 'It is gone.')));
  expect(await plain.read()).toMatchObject({ why: 'It is gone.' });
});

test('a channel that hands over no files says so', async () => {
  expect(await createWorld(null).read()).toMatchObject({ why: 'the channel telegram hands over no files' });
});

test('only so many are fetched at the same time', async () => {
  let open = 0;
  let most = 0;
  const world = createWorld(
    async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return new Blob([new Uint8Array(make.text('x'))]).stream();
    },
    { downloads: 2 },
  );
  const readings = await Promise.all(Array.from({ length: 6 }, () => world.read()));
  expect(readings.every(({ outcome }) => outcome === 'text')).toBe(true);
  expect(most).toBe(2);
});

test('a file of ours is written once per key, and no name leads out of its folder', async () => {
  const { media, home } = createWorld(null);
  const file = { key: 'trn_1:5:call_0', name: 'a.csv', text: 'a,b' };
  const path = await media.files.write(file);
  expect(await media.files.write(file)).toBe(path);
  expect(path).toMatch(/^files\/out\/trn_1-5-call_0-[0-9a-f]{8}\/a\.csv$/);
  expect(readFileSync(media.files.pathOf(path), 'utf8')).toBe('a,b');
  expect(statSync(join(home, path)).mode & 0o777).toBe(0o600);
  for (const name of ['../a', '..', 'x/../../a', '/etc/passwd'])
    await expect(media.files.write({ ...file, name })).rejects.toThrow('is no file');
  for (const bad of ['/etc/passwd', 'files/../token', '../x', 'config.yaml'])
    expect(() => media.files.pathOf(bad)).toThrow('is no file of the home');
  expect(await media.files.read('../../etc/passwd')).toBeNull();
});

test('what is older than a month is removed, and then it is gone', async () => {
  const { media, home } = createWorld(gives(make.png()));
  const { read } = media;
  const file = { ...document, name: 'a.png' };
  for (const event of ['evt_old', 'evt_new'])
    await read({ chat: 'telegram:7', event, index: 0, file }, new AbortController().signal);
  const sent = await media.files.write({ key: 'k', name: 'a.csv', text: 'a' });
  const old = (Date.now() - keptMs) / 1_000 - 60;
  for (const path of ['files/in/evt_old-0.png', sent, 'files/out/k']) utimesSync(join(home, path), old, old);
  const abort = new AbortController();
  const running = media.retention.start(abort.signal);
  await expect.poll(() => existsSync(join(home, 'files/out/k'))).toBe(false);
  abort.abort();
  await running;
  expect(readdirSync(join(home, 'files/in'))).toEqual(['evt_new-0.png']);
  expect(await media.files.read('files/in/evt_old-0.png')).toBeNull();
});

test('only so many files are in hand at a time: what is fetched is read before more is fetched', async () => {
  let [inHand, most] = [0, 0];
  const fetch: Fetch = () => {
    inHand += 1;
    most = Math.max(most, inHand);
    return Promise.resolve(new Blob(['words']).stream());
  };
  const world = createWorld(fetch, { downloads: 2, readers: 1 });
  const reading = Array.from({ length: 6 }, () =>
    world.read().then(({ outcome }) => {
      inHand -= 1;
      return outcome;
    }),
  );
  expect(new Set(await Promise.all(reading))).toEqual(new Set(['text']));
  // One whose reading has just ended may still be counted.
  expect(most).toBeLessThanOrEqual(3);
});
