import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, expect, test } from 'vitest';
import { createClock } from '#lib/clock.ts';
import { createTestLog } from '#test/fakes/sink.ts';
import * as make from '#test/media/files.ts';
import type { Answer } from './protocol.ts';
import { type ReaderLimits, createReader } from './reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiro-reader-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Threads of readers that run in this process. */
function threads(): number {
  const tasks = existsSync('/proc/self/task') ? readdirSync('/proc/self/task') : [];
  return tasks.filter((task) => nameOf(task) === 'media').length;
}

function nameOf(task: string): string {
  try {
    return readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim();
  } catch {
    return ''; // it has ended
  }
}

const plenty: ReaderLimits = { parseMs: 20_000, memoryMb: 256 };

async function read(
  bytes: Uint8Array<ArrayBuffer>,
  { limits = plenty, signal = new AbortController().signal } = {},
): Promise<{ readonly answer: Answer; readonly tookMs: number; readonly log: readonly unknown[] }> {
  const log = createTestLog();
  const reader = createReader({ clock: createClock(), log }, limits);
  const startedAt = performance.now();
  const answer = await reader({ bytes, name: 'file', claimed: '', keepAs: join(folder, 'kept') }, signal);
  return { answer, tookMs: performance.now() - startedAt, log: log.lines };
}

test('files are read in a thread', async () => {
  expect((await read(make.pdf('Hello'))).answer).toMatchObject({ text: expect.stringContaining('Hello') });
  expect((await read(make.docx('Hello'))).answer).toMatchObject({ text: 'Hello' });
  const voice = (await read(make.voice())).answer;
  expect(voice.outcome === 'audio' && Buffer.from(voice.bytes)).toEqual(Buffer.from(make.voice()));
});

test('a PDF that unpacks to more than memory is given up, and the event loop never waits for it', async () => {
  const bomb = make.pdfBomb(1_000_000_000);
  expect(bomb.byteLength).toBeLessThan(2_000_000);
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const { answer, tookMs } = await read(bomb, { limits: { parseMs: 8_000, memoryMb: 256 } });
  expect(answer).toMatchObject({
    outcome: 'unreadable',
    why: expect.stringMatching(/too (much memory|long)|damaged|no text/),
  });
  expect(tookMs).toBeLessThan(20_000);
  expect(delay.max / 1e6).toBeLessThan(1_000);
});

test('a document of a hundred thousand open tags ends as unreadable', async () => {
  const xml = make.wordXml('<w:p>'.repeat(100_000));
  const { answer } = await read(make.docxWith(Buffer.from(xml)));
  expect(answer.outcome).toBe('unreadable');
});

test('a document whose tree is too large for the thread ends as unreadable, and only the thread ends', async () => {
  const xml = make.wordXml('<w:p><w:r><w:t>a</w:t></w:r></w:p>'.repeat(300_000));
  const { answer } = await read(make.docxWith(Buffer.from(xml)), { limits: { ...plenty, memoryMb: 64 } });
  expect(answer).toMatchObject({ why: 'reading it takes too much memory' });
});

test('what takes too long is cut off', async () => {
  const xml = make.wordXml('<w:p><w:r><w:t>a</w:t></w:r></w:p>'.repeat(300_000));
  const { answer, tookMs } = await read(make.docxWith(Buffer.from(xml)), {
    limits: { parseMs: 300, memoryMb: 2_000 },
  });
  expect(answer).toMatchObject({ why: 'reading it took too long' });
  await expect.poll(threads, { timeout: 5_000 }).toBe(0);
  expect(tookMs).toBeLessThan(1_000);
});

test('an abort ends it at once, also one that came before', async () => {
  const abort = new AbortController();
  const reading = read(make.docxWith(Buffer.from(make.wordXml('<w:p/>'.repeat(500_000)))), {
    signal: abort.signal,
  });
  abort.abort();
  const { answer, tookMs } = await reading;
  expect(answer).toMatchObject({ why: 'it was stopped' });
  expect(tookMs).toBeLessThan(1_000);
  expect((await read(make.text('x'), { signal: AbortSignal.abort() })).answer.outcome).toBe('unreadable');
});

test('a thread that fails says so, and the log tells why', async () => {
  const log = createTestLog();
  const reader = createReader({ clock: createClock(), log }, plenty);
  writeFileSync(join(folder, 'no-folder'), 'a file stands where a folder should be');
  const question = {
    bytes: make.png(),
    name: 'a.png',
    claimed: '',
    keepAs: join(folder, 'no-folder', 'kept'),
  };
  const answer = await reader(question, new AbortController().signal);
  expect(answer).toMatchObject({ outcome: 'unreadable', why: 'it could not be read' });
  expect(log.lines).toMatchObject([{ event: 'media.reader-failed' }]);
});
